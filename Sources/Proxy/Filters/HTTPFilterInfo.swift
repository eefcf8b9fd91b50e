import EnvoyConfig
import Telemetry

/// An HTTP filter of the configuration, ready for use: shared by all workers, never changed.
struct HTTPFilterInfo: Sendable {
  private enum Kind: Sendable {
    case router(RouterInfo)
    case rbac(RBACFilterInfo)
  }

  /// By which `typed_per_filter_config` calls it.
  let name: String
  /// Left out, unless a route brings it back.
  let isDisabled: Bool
  private let kind: Kind

  /// Nil for a filter that is not built yet, which ``UnbuiltFeatures`` refuses.
  /// - Parameter scope: the connection manager's, `http.PREFIX.`.
  init?(_ config: HttpFilter, router: RouterInfo, scope: StatsScope) {
    name = config.name
    isDisabled = config.disabled
    switch config.config {
    case .router: kind = .router(router)
    case .rbac(let config): kind = .rbac(RBACFilterInfo(config, scope: scope))
    case .jwtAuthn: return nil
    }
  }

  /// One for a stream.
  /// - Parameter place: among the connection manager's filters.
  func make(_ stream: ActiveStream, place: Int) -> HTTPFilter {
    switch kind {
    case .router(let info): RouterFilter(stream, info)
    case .rbac(let info): RBACFilter(stream, info, place: place)
    }
  }
}
