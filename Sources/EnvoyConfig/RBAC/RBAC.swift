/// `envoy.config.rbac.v3.RBAC`: who may do what.
package struct RBAC: Sendable {
  package enum Action: Sendable {
    /// What a policy matches is let through, all else is not.
    case allow
    /// What a policy matches is not let through, all else is.
    case deny
    /// Everything is let through; a match is noted in the dynamic metadata.
    case log
  }

  package var action = Action.allow
  /// In the order of their names, as Envoy tries them.
  package var policies: [(name: String, policy: Policy)] = []
  package var origin = SourceLocation.none

  package init() {}

  /// `envoy.config.rbac.v3.Policy`: matches if one of each matches.
  package struct Policy: Sendable {
    package var permissions: [Permission] = []
    package var principals: [Principal] = []
    package var origin = SourceLocation.none

    package init() {}
  }

  /// `envoy.config.rbac.v3.Permission`: what is asked for.
  package indirect enum Permission: Sendable {
    case andRules([Permission])
    case orRules([Permission])
    case any
    case header(HeaderMatcher)
    /// The path without its query.
    case urlPath(StringMatcher)
    case destinationIp(CidrRange)
    case destinationPort(UInt16)
    case destinationPortRange(Int32Range)
    case metadata(SourcedMetadata)
    case notRule(Permission)
    case requestedServerName(StringMatcher)
  }

  /// `envoy.config.rbac.v3.Principal`: who asks.
  package indirect enum Principal: Sendable {
    case andIds([Principal])
    case orIds([Principal])
    case any
    /// A name of the peer's certificate: a URI SAN, a DNS SAN, or the subject. Without a matcher anybody who speaks TLS,
    /// with a certificate or without one, as in Envoy.
    case authenticated(principalName: StringMatcher?)
    /// Deprecated: the client as the connection knows it, after the PROXY protocol.
    case sourceIp(CidrRange)
    /// The address of the connection itself.
    case directRemoteIp(CidrRange)
    /// The address that `x-forwarded-for` and its like lead to.
    case remoteIp(CidrRange)
    case header(HeaderMatcher)
    case urlPath(StringMatcher)
    case metadata(SourcedMetadata)
    case notId(Principal)
  }

  /// `envoy.config.rbac.v3.SourcedMetadata`; the deprecated `metadata` is that of the request.
  package struct SourcedMetadata: Sendable {
    package enum MetadataSource: Sendable {
      /// What filters noted for the request.
      case dynamic
      /// What the configuration says of the route.
      case route
    }

    package var metadataMatcher = MetadataMatcher()
    package var metadataSource = MetadataSource.dynamic

    package init() {}
  }
}

/// `envoy.extensions.filters.http.rbac.v3.RBAC`.
package struct HttpRBAC: Sendable {
  /// Absent: everything is let through.
  package var rules: RBAC?
  package var rulesStatPrefix = ""
  /// Only counted and noted.
  package var shadowRules: RBAC?
  package var shadowRulesStatPrefix = ""
  package var trackPerRuleStats = false
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.extensions.filters.http.rbac.v3.RBACPerRoute`.
package struct RBACPerRoute: Sendable {
  /// In place of the filter's own; absent: the filter lets everything through.
  package var rbac: HttpRBAC?
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.extensions.filters.network.rbac.v3.RBAC`.
package struct NetworkRBAC: Sendable {
  package enum EnforcementType: Sendable {
    /// At the first bytes of a connection.
    case oneTimeOnFirstByte
    /// At all that a connection brings.
    case continuous
  }

  package var rules: RBAC?
  package var shadowRules: RBAC?
  package var shadowRulesStatPrefix = ""
  package var statPrefix = ""
  package var enforcementType = EnforcementType.oneTimeOnFirstByte
  /// How long a refused connection stays open; zero: not at all.
  package var delayDeny: Duration = .zero
  package var origin = SourceLocation.none

  package init() {}
}
