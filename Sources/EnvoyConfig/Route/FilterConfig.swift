/// `envoy.config.route.v3.FilterConfig`, or the bare message of a filter: what an entry of `typed_per_filter_config` says to
/// the filter of its name, for a route, virtual host or weighted cluster, or a whole route configuration.
package struct FilterConfig: Sendable {
  package indirect enum Config: Sendable {
    case rbac(RBACPerRoute)
    case jwtAuthn(JwtPerRouteConfig)
  }

  /// Absent: the filter's own configuration stands.
  package var config: Config?
  /// Whether the filter is left out; false brings back one that `HttpFilter.disabled` leaves out.
  package var disabled = false
  package var origin = SourceLocation.none

  package init() {}
}
