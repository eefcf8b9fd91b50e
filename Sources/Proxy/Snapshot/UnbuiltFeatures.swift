import EnvoyConfig

/// What the decoder takes and the workers cannot do yet. It is refused here, in this one place, so that nothing is accepted
/// without its effect; who builds a feature removes its lines.
enum UnbuiltFeatures {
  static func errors(in bootstrap: Bootstrap) -> [ConfigError] {
    let resources = bootstrap.staticResources
    return resources.listeners.flatMap(errors) + resources.clusters.flatMap(errors)
  }

  private static func errors(in listener: Listener) -> [ConfigError] {
    let chains = listener.filterChains + (listener.defaultFilterChain.map { [$0] } ?? [])
    return chains.compactMap { transportSocketError($0.transportSocket) }
  }

  private static func errors(in cluster: Cluster) -> [ConfigError] {
    let sockets = [cluster.transportSocket] + cluster.transportSocketMatches.map(\.transportSocket)
    return sockets.compactMap(transportSocketError)
  }

  private static func transportSocketError(_ socket: TransportSocket) -> ConfigError? {
    switch socket {
    case .rawBuffer: nil
    case .downstreamTls(let context): refusal(context.origin, "transport_socket.typed_config", "TLS")
    case .upstreamTls(let context): refusal(context.origin, "transport_socket.typed_config", "TLS")
    }
  }

  private static func refusal(_ origin: SourceLocation, _ path: String, _ what: String) -> ConfigError {
    ConfigError(
      location: origin, path: path, problem: "Envoy has \(what), Pillion does not support it yet", allowed: "remove it")
  }
}
