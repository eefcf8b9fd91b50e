import HTTP
import Reactor
import Telemetry

/// What a client counts for its cluster and its host, beside each request.
extension PoolClient {
  func countVersion() {
    if pool.version == .tcp { return }
    shard.increment(info.stats[httpProtocol == .http2 ? .upstreamCxHttp2Total : .upstreamCxHttp1Total])
    if httpProtocol == .http2, let stats = info.http2Stats { shard.increment(stats[.nghttp2UpstreamConnections]) }
  }

  /// A stream was reset. Envoy counts that where connections carry several.
  func countReset(_ reason: StreamReset) {
    guard httpProtocol == .http2 else { return }
    switch reason {
    case .localReset, .protocolError: shard.increment(info.stats[.upstreamRqTxReset])
    case .remoteReset: shard.increment(info.stats[.upstreamRqRxReset])
    case .connectionTermination, .remoteConnectionFailure, .localConnectionFailure, .connectionTimeout:
      shard.increment(info.stats[.upstreamRqPendingFailureEject])
    default: break
    }
  }

  func countClose(_ event: ConnectionCloseEvent, neverConnected: Bool) {
    let local = event == .localClose
    shard.adjust(info.stats[.upstreamCxActive], by: -1)
    shard.adjust(host.stats[.cxActive], by: -1)
    if neverConnected {
      shard.increment(info.stats[.upstreamCxConnectFail])
      shard.increment(host.stats[.cxConnectFail])
      if timedOut { shard.increment(info.stats[.upstreamCxConnectTimeout]) }
    }
    shard.increment(info.stats[.upstreamCxDestroy])
    shard.increment(info.stats[local ? .upstreamCxDestroyLocal : .upstreamCxDestroyRemote])
    if activeStreams > 0 {
      shard.increment(info.stats[.upstreamCxDestroyWithActiveRq])
      shard.increment(
        info.stats[local ? .upstreamCxDestroyLocalWithActiveRq : .upstreamCxDestroyRemoteWithActiveRq])
    }
    shard.record(info.lengthMilliseconds, UInt64((worker.loop.now - createdAt) / 1_000_000))
    shard.record(info.requestsPerConnection, requests)
  }
}
