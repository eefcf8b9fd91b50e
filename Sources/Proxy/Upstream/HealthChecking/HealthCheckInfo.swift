import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// A cluster's health check, compiled.
final class HealthCheckInfo: Sendable {
  let config: HealthCheck
  let timeoutNanoseconds: Int64
  let intervals: HealthCheckIntervals
  let stats: StatBlock<HealthCheckStat>
  /// What its requests have beside what every such request has.
  let headers: HeaderParser
  let serviceNameMatcher: StringMatcher?
  private let arena: RouteArena

  /// - Parameter scope: the cluster's.
  init(_ config: HealthCheck, scope: StatsScope) throws(RouteTableError) {
    self.config = config
    timeoutNanoseconds = config.timeout.nanoseconds
    intervals = HealthCheckIntervals(config)
    stats = scope.scope("health_check.").block(HealthCheckStat.self)
    let arena = RouteArena()
    self.arena = arena
    switch config.checker {
    case .http(let http):
      headers = try HeaderParser(
        add: http.requestHeadersToAdd, remove: http.requestHeadersToRemove, inline: InlineHeaders.request, arena: arena)
      serviceNameMatcher = http.serviceNameMatcher.map { StringMatcher($0, arena: arena) }
    case .grpc(let grpc):
      headers = try HeaderParser(add: grpc.initialMetadata, remove: [], inline: InlineHeaders.request, arena: arena)
      serviceNameMatcher = nil
    case .tcp:
      headers = try HeaderParser(add: [], remove: [], inline: InlineHeaders.request, arena: arena)
      serviceNameMatcher = nil
    }
  }
}
