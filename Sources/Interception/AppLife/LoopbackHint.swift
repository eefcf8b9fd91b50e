import EnvoyConfig
import Logging
import Reactor

/// Tells whose app listens on loopback alone. The proxy reaches it there, and in a cluster nobody would: since 1.10 Istio's
/// sidecars dial an app at its pod's address. What `istioctl analyze` calls IST0143, seen from the sockets that listen,
/// without a connection to any.
final class LoopbackHint: EventHandler {
  /// Apps need their time to start: 0.25 s, and twice as long each time.
  private static let firstLookNanoseconds: Int64 = 250_000_000
  private static let looks = 10

  private let loop: EventLoop
  private let log: Logger
  private let command: String
  /// One that shares the app's network namespace.
  private let pid: Int32
  /// Those of the app that inbound listeners lead to, and which nobody was seen to listen on yet.
  private var ports: Set<UInt16>
  private var timer = Timer()
  private var looked = 0

  init(_ loop: EventLoop, _ log: Logger, command: String, ports: Set<UInt16>, process pid: Int32) {
    (self.loop, self.log, self.command, self.ports, self.pid) = (loop, log, command, ports, pid)
    super.init()
    arm()
  }

  func close() { timer.disarm() }

  private func arm() {
    if ports.isEmpty || looked == Self.looks { return }
    timer.arm(loop, self, id: 0, after: Self.firstLookNanoseconds << Int64(looked))
  }

  override func timerFired(_ id: UInt8) {
    looked += 1
    guard let sockets = ListeningSockets.of(process: pid) else { return }
    if let port = Self.loopbackOnly(ports, sockets) {
      log.warning(
        "\(command) listens on port \(port) of its loopback alone: in a cluster it would not be reached (IST0143); have it listen on 0.0.0.0 or [::]"
      )
      return
    }
    ports = ports.filter { sockets.addresses(port: $0).isEmpty }
    arm()
  }

  /// The least of the ports that is open to loopback and to no other address.
  static func loopbackOnly(_ ports: Set<UInt16>, _ sockets: ListeningSockets) -> UInt16? {
    ports.filter { port in
      let addresses = sockets.addresses(port: port)
      return !addresses.isEmpty && addresses.allSatisfy(\.isLoopback)
    }.min()
  }
}
