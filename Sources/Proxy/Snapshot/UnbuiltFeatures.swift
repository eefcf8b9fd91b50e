import EnvoyConfig

/// What the decoder takes and the workers cannot do yet. It is refused here, in this one place, so that nothing is accepted
/// without its effect; who builds a feature removes its lines.
enum UnbuiltFeatures {
  static func errors(in bootstrap: Bootstrap) -> [ConfigError] {
    bootstrap.staticResources.clusters.flatMap(errors)
  }

  private static func errors(in cluster: Cluster) -> [ConfigError] {
    let sockets = [cluster.transportSocket] + cluster.transportSocketMatches.map(\.transportSocket)
    return sockets.compactMap(transportSocketError)
  }

  private static func transportSocketError(_ socket: TransportSocket) -> ConfigError? {
    switch socket {
    case .rawBuffer: nil
    case .downstreamTls: nil
    case .upstreamTls(let context): refusal(context.origin, "transport_socket.typed_config", "TLS")
    }
  }

  private static func refusal(_ origin: SourceLocation, _ path: String, _ what: String) -> ConfigError {
    ConfigError(
      location: origin, path: path, problem: "Envoy has \(what), Pillion does not support it yet", allowed: "remove it")
  }
}
