import HTTP
import Reactor
import Telemetry

/// A reply of the proxy's own: what Envoy calls a local reply.
struct LocalReply {
  var status: UInt16
  var body: ByteView = .empty
  var contentType: StaticString = "text/plain"
  var detail: ResponseCodeDetail
  var flag: ResponseFlag?
  /// The request cannot be trusted, or what follows it: the connection ends behind the reply.
  var closesConnection = false
  /// Adds what the route or the reason wants in the head.
  var addHeaders: ((HeaderMap) -> Void)?
}
