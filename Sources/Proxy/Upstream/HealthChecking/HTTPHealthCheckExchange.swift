import EnvoyConfig
import HTTP
import Reactor

/// A request to `path`: the status of its response decides, and its body where one is expected.
final class HTTPHealthCheckExchange: HealthCheckExchange {
  private let config: HttpHealthCheck
  private var failure: HealthCheckState.Failure?
  private var isDegraded = false
  private var body: [UInt8] = []

  init(_ config: HttpHealthCheck, _ session: StreamHealthCheckSession) {
    self.config = config
    super.init(session)
  }

  override func send(to encoder: StreamEncoder) {
    let headers = makeHead(method: config.method, path: config.path, authority: config.host)
    headers.add(.userAgent, "Envoy/HC")
    mutate(headers)
    if !config.send.isEmpty { headers.set(.contentLength, decimal: config.send.count) }
    encoder.encodeHeaders(headers, endStream: config.send.isEmpty)
    if !config.send.isEmpty { config.send.withUnsafeBytes { encoder.encodeData(ByteView($0), endStream: true) } }
    pool.giveBack(headers)
  }

  override func decodeHeaders(_ headers: HeaderMap, endStream: Bool) {
    failure = judge(headers)
    isDegraded = withBytes("x-envoy-degraded") { headers.value(named: $0) } != nil
    pool.giveBack(headers)
    if endStream { responseEnded() }
  }

  private func judge(_ headers: HeaderMap) -> HealthCheckState.Failure? {
    let status = Int64(headers.value(of: .status)?.decimal ?? 0)
    let isExpected = config.expectedStatuses.isEmpty ? status == 200 : config.expectedStatuses.contains(status)
    guard isExpected else { return config.retriableStatuses.contains(status) ? .retriable : .active }
    return isOfWantedCluster(headers) ? nil : .active
  }

  /// `service_name_matcher`: whoever answers says for which cluster.
  private func isOfWantedCluster(_ headers: HeaderMap) -> Bool {
    guard let matcher = session.checker.info.serviceNameMatcher else { return true }
    session.checker.main.store.add(session.checker.info.stats[.verifyCluster])
    return matcher.matches(withBytes("x-envoy-upstream-healthchecked-cluster") { headers.value(named: $0) } ?? .empty)
  }

  override func decodeData(_ data: ByteView, endStream: Bool) {
    if !config.receive.isEmpty {
      let limit =
        config.responseBufferSize == 0 ? Self.maxBody : min(Self.maxBody, Int(clamping: config.responseBufferSize))
      body += data.prefix(max(0, limit - body.count)).buffer
    }
    if endStream { responseEnded() }
  }

  /// What is looked at of a body of which all is asked for.
  private static let maxBody = 16 << 20

  override func decodeTrailers(_ trailers: HeaderMap) {
    pool.giveBack(trailers)
    responseEnded()
  }

  private func responseEnded() {
    if failure == nil, !PayloadMatcher.matches(body, config.receive) { failure = .active }
    finish(failure, degraded: isDegraded)
  }
}

extension [Int64Range] {
  fileprivate func contains(_ status: Int64) -> Bool { contains { $0.start <= status && status < $0.end } }
}
