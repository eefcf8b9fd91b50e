import EnvoyConfig
import Telemetry

/// A tls_inspector of the configuration, ready for use.
struct TLSInspectorInfo: Sendable {
  private let stats: StatBlock<TLSInspectorStat>
  private let bytesProcessed: HistogramID
  /// Of a ClientHello with its record headers, in bytes.
  let maxClientHelloSize: Int
  let closesOnParsingErrors: Bool

  init(_ config: TlsInspector, _ store: StatsStore) {
    maxClientHelloSize = min(Int(config.maxClientHelloSize), ClientHello.maxSize)
    closesOnParsingErrors = config.closeConnectionOnClientHelloParsingErrors
    let scope = store.scope("tls_inspector.")
    stats = scope.block(TLSInspectorStat.self)
    bytesProcessed = scope.histogram("bytes_processed")
  }

  func count(_ outcome: ClientHello.Outcome, bytes: Int, _ shard: StatsShard) {
    switch outcome {
    case .needsMore: return
    case .tooLarge: shard.increment(stats[.clientHelloTooLarge])
    case .notTLS: shard.increment(stats[.tlsNotFound])
    case .found(let hello):
      shard.increment(stats[.tlsFound])
      shard.increment(stats[hello.serverName.isEmpty ? .sniNotFound : .sniFound])
      shard.increment(stats[hello.applicationProtocols.isEmpty ? .alpnNotFound : .alpnFound])
    }
    shard.record(bytesProcessed, UInt64(bytes))
  }
}
