import HTTP
import Reactor

/// One request of a health check and its response. Kinds of requests are subclasses; each tells the session once.
class HealthCheckExchange: StreamDecoder {
  /// The session has the exchange.
  unowned let session: StreamHealthCheckSession
  let pool: HeaderMapPool
  private var isOver = false

  init(_ session: StreamHealthCheckSession) {
    self.session = session
    pool = session.checker.main.headerMaps
    super.init()
  }

  /// Sends the request.
  func send(to encoder: StreamEncoder) {}

  /// The head that all such requests have.
  /// - Parameter authority: the endpoint's own for health checks has the first word, the cluster's name the last.
  func makeHead(method: String, path: String, authority: String) -> HeaderMap {
    let headers = pool.take()
    withBytes(method) { headers.add(.method, $0) }
    withBytes(path) { headers.add(.path, $0) }
    let cluster = session.checker.cluster.name
    let names = [session.host.healthCheckHostname, authority, cluster]
    withBytes(names.first { !$0.isEmpty } ?? cluster) { headers.add(.authority, $0) }
    headers.add(.scheme, session.host.tls == nil ? "http" : "https")
    return headers
  }

  /// What the configuration adds and removes.
  func mutate(_ headers: HeaderMap) {
    session.checker.info.headers.evaluate(headers, NoValues(), scratch: &session.checker.main.scratch)
  }

  /// - Parameters:
  ///   - failure: nil for success.
  ///   - resets: there is more of the response, which nobody wants.
  func finish(_ failure: HealthCheckState.Failure?, degraded: Bool = false, resets: Bool = false) {
    if isOver { return }
    isOver = true
    if resets { session.resetExchange() }
    session.exchangeEnded(failure, degraded: degraded)
  }

  override func decodeInformational(_ headers: HeaderMap) { pool.giveBack(headers) }

  override func decodeReset(_ reason: StreamReset) { finish(.network) }
}
