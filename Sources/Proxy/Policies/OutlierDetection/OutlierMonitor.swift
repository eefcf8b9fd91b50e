import EnvoyConfig
import HTTP
import Synchronization

/// What kind of failure makes an outlier.
package enum OutlierKind: Equatable, Sendable, CaseIterable {
  case consecutive5xx
  case consecutiveGatewayFailure
  /// Only with `split_external_local_origin_errors`.
  case consecutiveLocalOriginFailure
}

/// How an attempt at a host ended, as outlier detection sees it.
package enum OutlierResult: Equatable, Sendable {
  /// The host answered, with this status (for gRPC: the HTTP status that the grpc-status stands for).
  case response(status: UInt16)
  /// No connection, or it was lost or reset before an answer: counts as 503.
  case localOriginConnectFailed
  /// We gave up waiting for a connection or an answer: counts as 504.
  case localOriginTimeout
  /// A connection stands: says something of its own only where failures to reach a host count apart.
  case localOriginConnectSuccess

  /// What a reset says about the host; nil where it says nothing (a circuit breaker, or we gave the stream up).
  package init?(_ reset: StreamReset) {
    switch reset {
    case .overflow, .localReset: return nil
    case .connectionTimeout, .connectionTermination, .localConnectionFailure, .protocolError, .remoteConnectionFailure,
      .remoteRefusedStreamReset, .remoteReset, .connectError:
      self = .localOriginConnectFailed
    }
  }

  fileprivate var status: UInt16? {
    switch self {
    case .localOriginConnectSuccess: nil
    case .response(let status): status
    case .localOriginConnectFailed: 503
    case .localOriginTimeout: 504
    }
  }
}

/// The failures in a row of one host, counted by all workers. The detector on the main loop decides what they mean.
package final class OutlierMonitor: Sendable {
  private let threshold5xx: UInt32
  private let thresholdGatewayFailure: UInt32
  private let thresholdLocalOriginFailure: UInt32
  private let splitsLocalOrigin: Bool
  private let consecutive5xx = Atomic<UInt32>(0)
  private let consecutiveGatewayFailure = Atomic<UInt32>(0)
  private let consecutiveLocalOriginFailure = Atomic<UInt32>(0)

  package init(_ config: EnvoyConfig.OutlierDetection) {
    threshold5xx = config.consecutive5xx
    thresholdGatewayFailure = config.consecutiveGatewayFailure
    thresholdLocalOriginFailure = config.consecutiveLocalOriginFailure
    splitsLocalOrigin = config.splitExternalLocalOriginErrors
  }

  /// Thresholds that one result reached.
  package struct Reached: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let consecutiveGatewayFailure = Reached(rawValue: 1)
    package static let consecutive5xx = Reached(rawValue: 2)
    package static let consecutiveLocalOriginFailure = Reached(rawValue: 4)
  }

  /// Counts a result, on any worker. Each threshold is reported when it is reached, once; the caller hands that to the
  /// main loop, the gateway failure first, as Envoy does.
  package func put(_ result: OutlierResult) -> Reached {
    if splitsLocalOrigin, let reached = putLocalOrigin(result) { return reached }
    guard let status = result.status else { return [] }
    if status < 500 || status > 599 {
      if consecutive5xx.load(ordering: .relaxed) != 0 { consecutive5xx.store(0, ordering: .relaxed) }
      clearGatewayFailures()
      return []
    }
    var reached: Reached = []
    if status >= 502 && status <= 504 {
      if consecutiveGatewayFailure.wrappingAdd(1, ordering: .relaxed).newValue == thresholdGatewayFailure {
        reached.insert(.consecutiveGatewayFailure)
      }
    } else {
      clearGatewayFailures()
    }
    if consecutive5xx.wrappingAdd(1, ordering: .relaxed).newValue == threshold5xx { reached.insert(.consecutive5xx) }
    return reached
  }

  /// Counts what tells how the host is reached; nil for what the host itself answered.
  private func putLocalOrigin(_ result: OutlierResult) -> Reached? {
    switch result {
    case .response: return nil
    case .localOriginConnectSuccess:
      if consecutiveLocalOriginFailure.load(ordering: .relaxed) != 0 {
        consecutiveLocalOriginFailure.store(0, ordering: .relaxed)
      }
      return []
    case .localOriginConnectFailed, .localOriginTimeout:
      let count = consecutiveLocalOriginFailure.wrappingAdd(1, ordering: .relaxed).newValue
      return count == thresholdLocalOriginFailure ? .consecutiveLocalOriginFailure : []
    }
  }

  /// The detector has dealt with a row of failures: the next one counts from nothing.
  func reset(_ kind: OutlierKind) {
    switch kind {
    case .consecutive5xx: consecutive5xx.store(0, ordering: .relaxed)
    case .consecutiveGatewayFailure: consecutiveGatewayFailure.store(0, ordering: .relaxed)
    case .consecutiveLocalOriginFailure: consecutiveLocalOriginFailure.store(0, ordering: .relaxed)
    }
  }

  private func clearGatewayFailures() {
    if consecutiveGatewayFailure.load(ordering: .relaxed) != 0 {
      consecutiveGatewayFailure.store(0, ordering: .relaxed)
    }
  }
}
