import Reactor
import Security
import Telemetry

/// What health checks speak TLS with, on the main loop: its part of each transport socket, as a worker has one.
final class HealthCheckTLS {
  private let shard: StatsShard
  private let buffers: TLSBuffers
  /// By the index of their factory.
  private var known: [Int: WorkerTLS] = [:]

  init(_ loop: EventLoop, _ store: StatsStore) {
    shard = store.makeShard()
    buffers = TLSBuffers(loop)
  }

  /// Nil for plain text.
  /// - Parameter alpn: offered where the configuration names no protocols.
  func makeSocket(to host: Host, alpn: [String]) -> TransportSocket? {
    host.tls.map { tls(of: $0).makeSocket(to: host, nil, alpn: alpn) }
  }

  func connected(_ session: TLSSession, _ host: Host) {
    if let factory = host.tls { tls(of: factory).countHandshake(session) }
  }

  func failed(_ session: TLSSession, _ host: Host) {
    if let factory = host.tls { tls(of: factory).countFailure(session) }
  }

  private func tls(of factory: TLSSocketFactory) -> WorkerTLS {
    if let found = known[factory.index] { return found }
    let made = WorkerTLS(factory, buffers, shard)
    known[factory.index] = made
    return made
  }
}
