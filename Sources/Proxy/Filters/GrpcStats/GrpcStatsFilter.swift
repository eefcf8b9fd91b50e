import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// `envoy.filters.http.grpc_stats`: counts gRPC calls and their messages.
final class GrpcStatsFilter: HTTPFilter {
  private let info: GrpcStatsInfo
  /// Nil while nothing is to be counted.
  private var counters: GrpcMethodCounters?
  private var requestFrames = GrpcFrames()
  private var responseFrames = GrpcFrames()
  private var isGrpcRequest = false
  private var isGrpcResponse = false

  init(_ stream: ActiveStream, _ info: GrpcStatsInfo) {
    self.info = info
    super.init(stream)
  }

  override func decodeRequestHeaders(_ headers: HeaderMap, endStream: Bool) -> FilterStatus {
    isGrpcRequest = headers.isGrpcRequest
    if isGrpcRequest, let method = GrpcMethod(headers), let cluster = stream.routeCluster(headers) {
      counters = info.counters(method, of: cluster)
    }
    return .continueIteration
  }

  override func decodeRequestData(_ data: inout ByteView, endStream: Bool) -> FilterStatus {
    guard isGrpcRequest else { return .continueIteration }
    let messages = requestFrames.countMessages(data)
    counters?.count(requestMessages: messages, on: shard)
    if messages > 0 { emitFilterState() }
    return .continueIteration
  }

  override func encodeResponseHeaders(_ headers: HeaderMap, endStream: Bool) -> FilterStatus {
    isGrpcResponse = headers.isGrpcResponse(endStream: endStream)
    counters?.count(status: headers.value(of: .grpcStatus), on: shard)
    if endStream { recordUpstreamTime() }
    return .continueIteration
  }

  override func encodeResponseData(_ data: inout ByteView, endStream: Bool) {
    guard isGrpcResponse else { return }
    let messages = responseFrames.countMessages(data)
    counters?.count(responseMessages: messages, on: shard)
    if messages > 0 { emitFilterState() }
  }

  override func encodeResponseTrailers(_ trailers: HeaderMap) -> ByteView? {
    counters?.count(status: trailers.value(of: .grpcStatus), on: shard)
    recordUpstreamTime()
    return nil
  }

  private func emitFilterState() {
    guard info.emitsFilterState else { return }
    var counts = GrpcMessageCounts()
    counts.request = requestFrames.count
    counts.response = responseFrames.count
    stream.info.grpcMessageCounts = counts
  }

  private func recordUpstreamTime() {
    guard info.recordsUpstreamTime, let counters else { return }
    let (sent, received) = (stream.info.lastUpstreamByteSent, stream.info.lastUpstreamByteReceived)
    guard sent > 0, received >= sent else { return }
    counters.record(upstreamMilliseconds: UInt64((received - sent) / 1_000_000), on: shard)
  }

  override func onDestroy() {
    counters = nil
    requestFrames = GrpcFrames()
    responseFrames = GrpcFrames()
    isGrpcRequest = false
    isGrpcResponse = false
  }
}
