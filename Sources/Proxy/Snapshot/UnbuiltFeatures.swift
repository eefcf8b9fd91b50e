import EnvoyConfig

/// What the decoder takes and the workers cannot do yet. It is refused here, in this one place, so that nothing is accepted
/// without its effect; who builds a feature removes its lines.
enum UnbuiltFeatures {
  static func errors(in bootstrap: Bootstrap) -> [ConfigError] {
    bootstrap.staticResources.listeners.flatMap(errors)
  }

  private static func errors(in listener: Listener) -> [ConfigError] {
    let chains = listener.filterChains + (listener.defaultFilterChain.map { [$0] } ?? [])
    return chains.flatMap(\.filters).flatMap(errors)
  }

  private static func errors(in filter: Filter) -> [ConfigError] {
    switch filter.config {
    case .httpConnectionManager(let manager): errors(in: manager)
    case .tcpProxy, .rbac: []
    }
  }

  private static func errors(in manager: HttpConnectionManager) -> [ConfigError] {
    let errors: [ConfigError] = manager.httpFilters.compactMap { filter in
      switch filter.config {
      case .router, .rbac: nil
      case .jwtAuthn: refusal(filter.origin, "http_filters", "the HTTP filter JwtAuthentication")
      }
    }
    return errors
  }

  private static func refusal(_ origin: SourceLocation, _ path: String, _ what: String) -> ConfigError {
    ConfigError(
      location: origin, path: path, problem: "Envoy has \(what), Pillion does not support it yet", allowed: "remove it")
  }
}
