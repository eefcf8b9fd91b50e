import EnvoyConfig
import Telemetry

/// An HTTP filter of the configuration, ready for use: shared by all workers, never changed.
struct HTTPFilterInfo: Sendable {
  private enum Kind: Sendable {
    case router(RouterInfo)
    case rbac(RBACFilterInfo)
    case jwtAuthn(JwtAuthnInfo)
    case grpcStats(GrpcStatsInfo)
    case grpcWeb
  }

  /// By which `typed_per_filter_config` calls it.
  let name: String
  /// Left out, unless a route brings it back.
  let isDisabled: Bool
  private let kind: Kind

  /// - Parameter scope: the connection manager's, `http.PREFIX.`.
  init(_ config: HttpFilter, router: RouterInfo, scope: StatsScope, localAddress: [UInt8]) {
    name = config.name
    isDisabled = config.disabled
    switch config.config {
    case .router: kind = .router(router)
    case .rbac(let config): kind = .rbac(RBACFilterInfo(config, scope: scope))
    case .jwtAuthn(let config):
      kind = .jwtAuthn(JwtAuthnInfo(config, scope: scope, localAddress: localAddress))
    case .grpcStats(let config): kind = .grpcStats(GrpcStatsInfo(config))
    case .grpcWeb: kind = .grpcWeb
    }
  }

  /// Whether the filter looks at responses beyond their head.
  var seesResponseBody: Bool {
    switch kind {
    case .router, .rbac, .jwtAuthn: false
    case .grpcStats, .grpcWeb: true
    }
  }

  /// One for a stream.
  /// - Parameter place: among the connection manager's filters.
  func make(_ stream: ActiveStream, place: Int) -> HTTPFilter {
    switch kind {
    case .router(let info): RouterFilter(stream, info)
    case .rbac(let info): RBACFilter(stream, info, place: place)
    case .jwtAuthn(let info): JwtAuthnFilter(stream, info, place: place)
    case .grpcStats(let info): GrpcStatsFilter(stream, info)
    case .grpcWeb: GrpcWebFilter(stream)
    }
  }

  /// The worker serves connections from now on: begins what is to be there before the first request.
  func start(_ worker: Worker) {
    if case .jwtAuthn(let info) = kind { worker.jwtAuthn(info).start() }
  }
}
