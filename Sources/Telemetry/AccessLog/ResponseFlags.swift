/// What went out of the ordinary with a request, by Envoy's names.
package enum ResponseFlag: UInt8, CaseIterable, Sendable {
  case failedLocalHealthCheck = 1
  case noHealthyUpstream, upstreamRequestTimeout, localReset, upstreamRemoteReset, upstreamConnectionFailure
  case upstreamConnectionTermination, upstreamOverflow, noRouteFound, delayInjected, faultInjected, rateLimited
  case unauthorizedExternalService, rateLimitServiceError, downstreamConnectionTermination, upstreamRetryLimitExceeded
  case streamIdleTimeout, invalidEnvoyRequestHeaders, downstreamProtocolError, upstreamMaxStreamDurationReached
  case responseFromCacheFilter, noFilterConfigFound, durationTimeout, upstreamProtocolError, noClusterFound
  case overloadManager, dnsResolutionFailed, dropOverload, downstreamRemoteReset, unconditionalDropOverload

  package var shortName: StaticString {
    switch self {
    case .failedLocalHealthCheck: "LH"
    case .noHealthyUpstream: "UH"
    case .upstreamRequestTimeout: "UT"
    case .localReset: "LR"
    case .upstreamRemoteReset: "UR"
    case .upstreamConnectionFailure: "UF"
    case .upstreamConnectionTermination: "UC"
    case .upstreamOverflow: "UO"
    case .noRouteFound: "NR"
    case .delayInjected: "DI"
    case .faultInjected: "FI"
    case .rateLimited: "RL"
    case .unauthorizedExternalService: "UAEX"
    case .rateLimitServiceError: "RLSE"
    case .downstreamConnectionTermination: "DC"
    case .upstreamRetryLimitExceeded: "URX"
    case .streamIdleTimeout: "SI"
    case .invalidEnvoyRequestHeaders: "IH"
    case .downstreamProtocolError: "DPE"
    case .upstreamMaxStreamDurationReached: "UMSDR"
    case .responseFromCacheFilter: "RFCF"
    case .noFilterConfigFound: "NFCF"
    case .durationTimeout: "DT"
    case .upstreamProtocolError: "UPE"
    case .noClusterFound: "NC"
    case .overloadManager: "OM"
    case .dnsResolutionFailed: "DF"
    case .dropOverload: "DO"
    case .downstreamRemoteReset: "DR"
    case .unconditionalDropOverload: "UDO"
    }
  }

  package var longName: StaticString {
    switch self {
    case .failedLocalHealthCheck: "FailedLocalHealthCheck"
    case .noHealthyUpstream: "NoHealthyUpstream"
    case .upstreamRequestTimeout: "UpstreamRequestTimeout"
    case .localReset: "LocalReset"
    case .upstreamRemoteReset: "UpstreamRemoteReset"
    case .upstreamConnectionFailure: "UpstreamConnectionFailure"
    case .upstreamConnectionTermination: "UpstreamConnectionTermination"
    case .upstreamOverflow: "UpstreamOverflow"
    case .noRouteFound: "NoRouteFound"
    case .delayInjected: "DelayInjected"
    case .faultInjected: "FaultInjected"
    case .rateLimited: "RateLimited"
    case .unauthorizedExternalService: "UnauthorizedExternalService"
    case .rateLimitServiceError: "RateLimitServiceError"
    case .downstreamConnectionTermination: "DownstreamConnectionTermination"
    case .upstreamRetryLimitExceeded: "UpstreamRetryLimitExceeded"
    case .streamIdleTimeout: "StreamIdleTimeout"
    case .invalidEnvoyRequestHeaders: "InvalidEnvoyRequestHeaders"
    case .downstreamProtocolError: "DownstreamProtocolError"
    case .upstreamMaxStreamDurationReached: "UpstreamMaxStreamDurationReached"
    case .responseFromCacheFilter: "ResponseFromCacheFilter"
    case .noFilterConfigFound: "NoFilterConfigFound"
    case .durationTimeout: "DurationTimeout"
    case .upstreamProtocolError: "UpstreamProtocolError"
    case .noClusterFound: "NoClusterFound"
    case .overloadManager: "OverloadManagerTerminated"
    case .dnsResolutionFailed: "DnsResolutionFailed"
    case .dropOverload: "DropOverload"
    case .downstreamRemoteReset: "DownstreamRemoteReset"
    case .unconditionalDropOverload: "UnconditionalDropOverload"
    }
  }
}

/// The flags of one request, in the order in which they were set, as Envoy prints them ("URX,UF"). Holds eight; no
/// request has met with more.
package struct ResponseFlags: Sendable, Equatable {
  /// A byte for each, the first one lowest.
  private var packed: UInt64 = 0

  package init() {}

  package var isEmpty: Bool { packed == 0 }

  package func contains(_ flag: ResponseFlag) -> Bool {
    var rest = packed
    while rest != 0 {
      if rest & 0xff == UInt64(flag.rawValue) { return true }
      rest >>= 8
    }
    return false
  }

  package mutating func insert(_ flag: ResponseFlag) {
    guard !contains(flag) else { return }
    let used = (UInt64.bitWidth - packed.leadingZeroBitCount + 7) / 8
    guard used < 8 else { return }
    packed |= UInt64(flag.rawValue) << UInt64(8 * used)
  }

  package mutating func removeAll() {
    packed = 0
  }

  /// Appends the names with commas between; nothing, and returns false, without flags.
  package func append(long: Bool = false, to output: inout TextBuffer) -> Bool {
    var rest = packed
    while rest != 0 {
      if rest != packed { output.append(byte: 0x2c) }
      if let flag = ResponseFlag(rawValue: UInt8(truncatingIfNeeded: rest)) {
        output.append(long ? flag.longName : flag.shortName)
      }
      rest >>= 8
    }
    return packed != 0
  }
}
