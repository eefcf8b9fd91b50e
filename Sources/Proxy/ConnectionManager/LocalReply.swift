import HTTP
import Reactor
import Telemetry

extension ActiveStream {
  /// The cluster that the route sends the request to; nil where it sends it to none.
  func routeCluster(_ headers: HeaderMap) -> WorkerCluster? {
    let choice = info.route?.object.chooseCluster(headers, randomValue: info.randomValue) {
      worker.snapshot.clusterIndex(named: $0)
    }
    return choice?.cluster.map { worker.clusters[$0] }
  }

  /// Tells logs where a request would have gone that ends before the router (as Envoy, where the route says it).
  func noteUpstreamCluster(_ headers: HeaderMap) {
    if let cluster = routeCluster(headers) { info.upstreamCluster = Unretained(cluster.info) }
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
