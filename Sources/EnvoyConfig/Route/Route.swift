/// `envoy.config.route.v3.Route`.
package struct Route: Sendable {
  package indirect enum Action: Sendable {
    case route(RouteAction)
    case redirect(RedirectAction)
    case directResponse(DirectResponseAction)
  }

  package var name = ""
  package var match = RouteMatch()
  package var action = Action.directResponse(DirectResponseAction())
  package var metadata: DocumentNode?
  /// The metadata's `filter_metadata`, by namespace.
  package var filterMetadata: [StructValue.Member] = []
  package var headers = HeaderMutations()
  /// By the name of the filter.
  package var typedPerFilterConfig: [String: FilterConfig] = [:]
  package var perRequestBufferLimitBytes: UInt32?
  package var requestBodyBufferLimit: UInt64?
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.config.route.v3.RouteMatch`.
package struct RouteMatch: Sendable {
  package enum PathSpecifier: Sendable {
    case prefix(String)
    case path(String)
    case safeRegex(SafeRegex)
    case pathSeparatedPrefix(String)
    /// CONNECT requests, which have no path.
    case connectMatcher
  }

  package var pathSpecifier = PathSpecifier.prefix("")
  /// Without effect on a regular expression, as in Envoy.
  package var caseSensitive = true
  package var runtimeFraction: RuntimeFractionalPercent?
  package var headers: [HeaderMatcher] = []
  package var queryParameters: [QueryParameterMatcher] = []
  /// Whether only gRPC requests match, by their content type.
  package var isGrpc = false
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.config.route.v3.RedirectAction`.
package struct RedirectAction: Sendable {
  package enum RedirectResponseCode: Sendable {
    case movedPermanently
    case found
    case seeOther
    case temporaryRedirect
    case permanentRedirect

    package var status: UInt16 {
      switch self {
      case .movedPermanently: 301
      case .found: 302
      case .seeOther: 303
      case .temporaryRedirect: 307
      case .permanentRedirect: 308
      }
    }
  }

  package enum SchemeRewrite: Sendable {
    case httpsRedirect(Bool)
    case schemeRedirect(String)
  }

  package enum PathRewrite: Sendable {
    case pathRedirect(String)
    case prefixRewrite(String)
    case regexRewrite(RegexMatchAndSubstitute)
  }

  package var schemeRewrite: SchemeRewrite?
  /// The request's own when empty.
  package var hostRedirect = ""
  /// The request's own when 0.
  package var portRedirect: UInt32 = 0
  package var pathRewrite: PathRewrite?
  package var responseCode = RedirectResponseCode.movedPermanently
  package var stripQuery = false
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.config.route.v3.DirectResponseAction`.
package struct DirectResponseAction: Sendable {
  package var status: UInt32 = 200
  package var body: DataSource?
  package var origin = SourceLocation.none

  package init() {}
}
