import EnvoyConfig

/// An HTTP filter of the configuration, ready for use: shared by all workers, never changed.
struct HTTPFilterInfo: Sendable {
  private enum Kind: Sendable {
    case router(RouterInfo)
  }

  /// By which `typed_per_filter_config` calls it.
  let name: String
  /// Left out, unless a route brings it back.
  let isDisabled: Bool
  private let kind: Kind

  /// Nil for a filter that is not built yet, which ``UnbuiltFeatures`` refuses.
  init?(_ config: HttpFilter, router: RouterInfo) {
    name = config.name
    isDisabled = config.disabled
    switch config.config {
    case .router: kind = .router(router)
    case .rbac, .jwtAuthn: return nil
    }
  }

  /// One for a stream.
  func make(_ stream: ActiveStream) -> HTTPFilter {
    switch kind {
    case .router(let info): RouterFilter(stream, info)
    }
  }
}
