/// `envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`.
package struct HttpConnectionManager: Sendable {
  package enum CodecType: Sendable {
    case auto
    case http1
    /// HTTP/2 by prior knowledge, whatever ALPN found.
    case http2
  }

  package enum ServerHeaderTransformation: Sendable {
    case overwrite
    case appendIfAbsent
    case passThrough
  }

  package enum PathWithEscapedSlashesAction: Sendable {
    case keepUnchanged
    case rejectRequest
    case unescapeAndRedirect
    case unescapeAndForward
  }

  package enum SchemeHeaderTransformation: Sendable {
    case overwrite(String)
  }

  /// What becomes of the client's own `x-forwarded-client-cert`.
  package enum ForwardClientCertDetails: Sendable {
    case sanitize
    case forwardOnly
    case appendForward
    case sanitizeSet
    case alwaysForwardOnly
  }

  package enum StripPortMode: Sendable {
    case none
    case matching
    case any
  }

  package var codecType = CodecType.auto
  package var statPrefix = ""
  package var routeConfig = RouteConfiguration()
  package var httpFilters: [HttpFilter] = []
  package var commonHttpProtocolOptions = HttpProtocolOptions()
  package var http1ProtocolOptions = Http1ProtocolOptions()
  package var http2ProtocolOptions = Http2ProtocolOptions()
  package var upgradeConfigs: [UpgradeConfig] = []

  // What is added to or taken from messages.
  package var serverName = "envoy"
  package var serverHeaderTransformation = ServerHeaderTransformation.overwrite
  package var schemeHeaderTransformation: SchemeHeaderTransformation?
  package var addUserAgent = false
  package var via = ""
  package var generateRequestId = true
  package var preserveExternalRequestId = false
  package var alwaysSetRequestIdInResponse = false
  package var requestIdExtension = UuidRequestIdConfig()
  package var proxy100Continue = false
  package var appendXForwardedPort = false

  // Limits and times; a zero time is none.
  package var maxRequestHeadersKb: UInt32 = 60
  package var streamIdleTimeout: Duration = .seconds(300)
  /// Absent: ``streamIdleTimeout``; zero: none.
  package var streamFlushTimeout: Duration?
  package var requestTimeout: Duration = .zero
  package var requestHeadersTimeout: Duration = .zero
  package var drainTimeout: Duration = .seconds(5)
  package var delayedCloseTimeout: Duration = .seconds(1)

  // Who is calling.
  package var useRemoteAddress = false
  package var xffNumTrustedHops: UInt32 = 0
  package var internalAddressConfig = InternalAddressConfig()
  package var skipXffAppend = false
  package var forwardClientCertDetails = ForwardClientCertDetails.sanitize
  package var setCurrentClientCertDetails = SetCurrentClientCertDetails()

  // The path and the host.
  package var normalizePath = false
  package var mergeSlashes = false
  package var pathWithEscapedSlashesAction = PathWithEscapedSlashesAction.keepUnchanged
  package var stripPortMode = StripPortMode.none
  package var stripTrailingHostDot = false

  package var accessLog: [AccessLog] = []
  package var origin = SourceLocation.none

  package init() {}

  /// `HttpConnectionManager.InternalAddressConfig`: whose requests are internal. By default none are.
  package struct InternalAddressConfig: Sendable {
    package var unixSockets = false
    package var cidrRanges: [CidrRange] = []

    package init() {}
  }
}

extension HttpConnectionManager {
  /// `HttpConnectionManager.SetCurrentClientCertDetails`: what an element of `x-forwarded-client-cert` says beside the hash.
  package struct SetCurrentClientCertDetails: Sendable, Hashable {
    package var subject = false
    package var cert = false
    package var chain = false
    package var dns = false
    package var uri = false
    package var issuer = false

    package init() {}
  }
}

extension HttpConnectionManager {
  /// `HttpConnectionManager.UpgradeConfig`.
  package struct UpgradeConfig: Sendable {
    /// As `websocket` or `CONNECT`, in any case.
    package var upgradeType = ""
    /// Whether routes that do not say otherwise take it.
    package var enabled = true

    package init() {}
  }
}

/// `envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig`.
package struct UuidRequestIdConfig: Sendable {
  package var packTraceReason = true

  package init() {}
}

/// `HttpFilter`: one of the connection manager's filters.
package struct HttpFilter: Sendable {
  package enum Config: Sendable {
    case router(Router)
    case rbac(HttpRBAC)
    case jwtAuthn(JwtAuthentication)
    case grpcStats(GrpcStatsConfig)
    case grpcWeb(GrpcWeb)
  }

  package var name = ""
  package var config = Config.router(Router())
  /// Left out unless a route's `typed_per_filter_config` brings it back.
  package var disabled = false
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.extensions.filters.http.router.v3.Router`.
package struct Router: Sendable {
  /// Whether responses are counted by their codes, and how long they took.
  package var dynamicStats = true
  package var suppressEnvoyHeaders = false
  /// Whether gRPC requests count in no counter of response codes.
  package var suppressGrpcRequestFailureCodeStats = false
  package var origin = SourceLocation.none

  package init() {}
}
