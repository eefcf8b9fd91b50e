import HTTP
import Reactor
import Telemetry

extension ActiveStream {
  /// Tells logs where a request would have gone that ends before the router (as Envoy, where the route says it).
  func noteUpstreamCluster(_ headers: HeaderMap) {
    let choice = info.route?.object.chooseCluster(headers, randomValue: info.randomValue) {
      worker.snapshot.clusterIndex(named: $0)
    }
    if let index = choice?.cluster { info.upstreamCluster = Unretained(worker.clusters[index].info) }
  }
}

/// A reply of the proxy's own: what Envoy calls a local reply.
struct LocalReply {
  var status: UInt16
  var body: ByteView = .empty
  var contentType: StaticString = "text/plain"
  var detail: ResponseCodeDetail
  var flag: ResponseFlag?
  /// What a gRPC client is told instead of what the status stands for.
  var grpcStatus: Int?
  /// The request cannot be trusted, or what follows it: a connection of HTTP/1.1 ends behind the reply.
  var closesConnection = false
  /// Adds what the route or the reason wants in the head.
  var addHeaders: ((HeaderMap) -> Void)?
}
