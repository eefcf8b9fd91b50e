/// `envoy.config.cluster.v3.Cluster`.
package struct Cluster: Sendable {
  package enum DiscoveryType: Sendable {
    case `static`
    case strictDns
    /// Its hosts are the original destinations of connections.
    case originalDst
  }

  package enum LbPolicy: Sendable {
    case roundRobin
    case leastRequest
    case random
    /// Of `originalDst` only, which takes no other.
    case clusterProvided
  }

  /// Which version of HTTP a cluster is spoken to by.
  package enum HttpVersion: Sendable, Hashable {
    case http1
    case http2
    /// That of the request that is sent on; without one (health checks) HTTP/2 if the options have it.
    case downstream(elseHttp2: Bool)
    /// What ALPN finds: h2, or else http/1.1.
    case auto
  }

  package enum DnsLookupFamily: Sendable {
    case auto
    case v4Only
    case v6Only
    case v4Preferred
    case all
  }

  package var name = ""
  /// Names the cluster's counters; the name when empty.
  package var altStatName = ""
  package var type = DiscoveryType.static
  package var connectTimeout: Duration = .seconds(5)
  package var perConnectionBufferLimitBytes: UInt32 = 1_048_576
  package var lbPolicy = LbPolicy.roundRobin
  package var leastRequestLbConfig = LeastRequestLbConfig()
  package var commonLbConfig = CommonLbConfig()
  package var loadAssignment = ClusterLoadAssignment()
  package var circuitBreakers = CircuitBreakers()
  package var outlierDetection: OutlierDetection?
  /// From `typed_extension_protocol_options`, or from the deprecated fields of the cluster itself
  /// (`common_http_protocol_options`, `max_requests_per_connection`).
  package var commonHttpProtocolOptions = HttpProtocolOptions()
  /// Likewise, from `explicit_http_config.http_protocol_options` or the cluster's own `http_protocol_options`.
  package var http1ProtocolOptions = Http1ProtocolOptions()
  /// Likewise, from `http2_protocol_options`.
  package var http2ProtocolOptions = Http2ProtocolOptions()
  /// Likewise, by which of these is there and by `protocol_selection`.
  package var httpVersion = HttpVersion.http1
  /// Likewise, from `upstream_http_protocol_options`.
  package var upstreamHttpProtocolOptions = UpstreamHttpProtocolOptions()
  /// At most one.
  package var healthChecks: [HealthCheck] = []
  package var dnsRefreshRate: Duration = .seconds(5)
  package var dnsJitter: Duration = .zero
  /// Absent: the refresh rate counts after failures too.
  package var dnsFailureRefreshRate: RefreshRate?
  package var dnsLookupFamily = DnsLookupFamily.auto
  package var waitForWarmOnInit = true
  /// After so long without use a host of an `originalDst` cluster is forgotten.
  package var cleanupInterval: Duration = .seconds(5)
  package var metadata: DocumentNode?
  package var tcpKeepalive: TcpKeepalive?
  package var transportSocket = TransportSocket.rawBuffer
  /// The first whose `match` is in an endpoint's metadata takes the place of `transportSocket` for it.
  package var transportSocketMatches: [TransportSocketMatch] = []
  package var origin = SourceLocation.none
  package var node: DocumentNode?

  package init() {}

  /// `Cluster.TransportSocketMatch`.
  package struct TransportSocketMatch: Sendable {
    package var name = ""
    /// Members that an endpoint's metadata must have under `envoy.transport_socket_match`, with equal values; none: any
    /// endpoint matches.
    package var match: [StructValue.Member] = []
    package var transportSocket = TransportSocket.rawBuffer
    package var origin = SourceLocation.none

    package init() {}
  }

  /// `Cluster.RefreshRate`.
  package struct RefreshRate: Sendable {
    package var baseInterval: Duration = .seconds(5)
    /// Ten times the base when absent in the text.
    package var maxInterval: Duration = .seconds(50)

    package init() {}
  }

  /// `Cluster.LeastRequestLbConfig`.
  package struct LeastRequestLbConfig: Sendable {
    package var choiceCount: UInt32 = 2
    package var activeRequestBias = 1.0

    package init() {}
  }

  /// `Cluster.CommonLbConfig`.
  package struct CommonLbConfig: Sendable {
    /// In percent; 0 turns panic off.
    package var healthyPanicThreshold = 50.0
    package var updateMergeWindow: Duration = .seconds(1)

    package init() {}
  }
}

/// `envoy.config.core.v3.UpstreamHttpProtocolOptions`: what an HTTP request says of the TLS connection it needs.
package struct UpstreamHttpProtocolOptions: Sendable, Hashable {
  /// The request's host is the server name.
  package var autoSni = false
  /// The request's host must be a DNS SAN of the upstream's certificate.
  package var autoSanValidation = false
  /// The header that stands for the host in both, when a request has it.
  package var overrideAutoSniHeader = ""

  package init() {}
}
