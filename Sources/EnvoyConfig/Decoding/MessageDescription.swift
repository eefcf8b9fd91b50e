/// What is known about one field of a message.
package struct FieldDescription: Sendable, Hashable {
  package enum Support: Sendable {
    case supported
    /// Envoy has it; only a value that means nothing (false, 0, an empty list) is accepted.
    case unsupported
    /// Accepted whatever it says, because it changes nothing here.
    case withoutEffect
  }

  package let name: String
  package let support: Support
  /// What holds when the field is absent, as JSON would say it; `required`, `none`, or the oneof that it is of.
  package let defaultValue: String
}

/// The fields of a message that the decoder knows, for docs/configuration.md and for "did you mean". They are what the
/// message's own reader asks for, so they cannot differ from it.
package struct MessageDescription: Sendable {
  package let typeName: String
  package let fields: [FieldDescription]

  init(_ message: any ConfigMessage.Type) {
    let context = DecodingContext.recording()
    var reader = MessageReader(context: context, node: 0)
    _ = message.init(from: &reader)
    typeName = message.typeName
    fields = context.recorded ?? []
  }

  /// Every message that the decoder reads, in the order of docs/configuration.md.
  package static var all: [MessageDescription] {
    let messages: [any ConfigMessage.Type] = [
      Bootstrap.self, Bootstrap.StaticResources.self, Node.self, Locality.self, ClusterManager.self, Admin.self,
      LayeredRuntime.self, LayeredRuntime.Layer.self, LayeredRuntime.Layer.AdminLayer.self,
      Listener.self, ListenerDeprecatedV1.self, FilterChain.self, FilterChainMatch.self, FilterReader.self,
      ListenerFilterReader.self, OriginalDst.self, TlsInspector.self, TransportSocketReader.self,
      RawBuffer.self, DownstreamTlsContext.self, UpstreamTlsContext.self, CommonTlsContext.self,
      CombinedCertificateValidationContext.self, TlsParameters.self, TlsKeyLog.self, TlsCertificate.self,
      CertificateValidationContext.self,
      SubjectAltNameMatcher.self, TlsSessionTicketKeys.self, SdsSecretConfig.self, ConfigSourceReader.self,
      PathConfigSource.self, WatchedDirectory.self, Secret.self, GenericSecret.self, DiscoveryResponse.self,
      HttpConnectionManager.self, HttpConnectionManager.InternalAddressConfig.self,
      HttpConnectionManager.SetCurrentClientCertDetails.self, HttpConnectionManager.UpgradeConfig.self,
      SchemeHeaderTransformationReader.self, RequestIDExtension.self,
      UuidRequestIdConfig.self, HttpProtocolOptions.self, Http1ProtocolOptions.self,
      Http2ProtocolOptions.self, KeepaliveSettings.self, HttpFilterReader.self,
      Router.self, HttpRBAC.self, RBACPerRoute.self, NetworkRBAC.self, RBAC.self, RBAC.Policy.self,
      PermissionReader.self, PermissionReader.PermissionSet.self, PrincipalReader.self,
      PrincipalReader.PrincipalSet.self, PrincipalReader.Authenticated.self, RBAC.SourcedMetadata.self,
      JwtAuthentication.self, RequirementRule.self, JwtRequirementReader.self,
      JwtRequirementReader.ProviderWithAudiences.self, JwtRequirementReader.JwtRequirementOrList.self,
      JwtRequirementReader.JwtRequirementAndList.self, EmptyMessage.self, JwtPerRouteConfigReader.self,
      JwtProvider.self, JwtProvider.NormalizePayload.self, JwtHeader.self, JwtClaimToHeader.self,
      JwtClaimToHeader.PathSegment.self, JwtCacheConfig.self, RemoteJwks.self, JwksAsyncFetch.self,
      GrpcStatsConfig.self, GrpcMethodListReader.self, GrpcMethodList.Service.self, GrpcWeb.self,

      TcpProxy.self, TcpWeightedCluster.self, TcpProxy.ClusterWeight.self,
      RouteConfiguration.self, FilterConfig.self, VirtualHost.self, Route.self, RouteMatch.self,
      RouteMatch.ConnectMatcher.self, RouteMatch.GrpcRouteMatchOptions.self,
      HeaderMatcher.self,
      QueryParameterMatcher.self, RouteAction.self, RouteAction.MaxStreamDuration.self,
      RouteAction.UpgradeConfig.self, RouteAction.UpgradeConfig.ConnectConfig.self, WeightedCluster.self,
      WeightedCluster.ClusterWeight.self, RetryPolicy.self,
      RetryPolicy.RetryBackOff.self, RetryPolicy.RateLimitedRetryBackOff.self,
      RetryPolicy.RateLimitedRetryBackOff.ResetHeader.self, RedirectAction.self, DirectResponseAction.self,
      Cluster.self, Cluster.RefreshRate.self, Cluster.LeastRequestLbConfig.self, RoundRobinLbConfig.self,
      Cluster.CommonLbConfig.self, UpstreamConnectionOptions.self, UpstreamHttpProtocolOptionsReader.self,
      UpstreamHttpProtocolOptionsReader.ExplicitHttpConfig.self,
      UpstreamHttpProtocolOptionsReader.UseDownstreamHttpConfig.self,
      UpstreamHttpProtocolOptionsReader.AutoHttpConfig.self, UpstreamHttpProtocolOptions.self,
      Cluster.TransportSocketMatch.self, ClusterLoadAssignment.self,
      ClusterLoadAssignment.Policy.self, LocalityLbEndpoints.self, LbEndpoint.self, Endpoint.HealthCheckConfig.self,
      HealthCheck.self, HealthCheck.TlsOptions.self, HealthCheck.Payload.self, HttpHealthCheck.self,
      TcpHealthCheck.self, GrpcHealthCheck.self, Endpoint.self,
      CircuitBreakers.self, CircuitBreakers.Thresholds.self, CircuitBreakers.RetryBudget.self, OutlierDetection.self,
      AccessLog.self, FileAccessLog.self, StdoutAccessLog.self, StderrAccessLog.self, SubstitutionFormatString.self,
      JsonFormatOptions.self, AccessLogFilterReader.self, StatusCodeFilter.self, DurationFilter.self,
      ComparisonFilter.self, NotHealthCheckFilter.self, RuntimeFilter.self, AndFilter.self, OrFilter.self,
      HeaderFilter.self, ResponseFlagFilter.self, GrpcStatusFilter.self,
      Address.self, SocketAddress.self, Pipe.self, CidrRange.self, TcpKeepalive.self, HeaderValueOption.self,
      HeaderValue.self, DataSource.self, Metadata.self, StringMatcher.self, RegexMatcher.self,
      RegexMatcher.GoogleRE2.self, PathMatcherReader.self, MetadataMatcher.self,
      MetadataMatcher.PathSegment.self, ValueMatcherReader.self, ValueMatcherReader.NullMatch.self,
      DoubleMatcherReader.self, DoubleMatcherReader.DoubleRange.self, ListMatcherReader.self, OrMatcherReader.self,
      RegexMatchAndSubstituteReader.self, Percent.self, FractionalPercent.self,
      RuntimeFractionalPercent.self, RuntimeUInt32.self, RuntimeDouble.self, Int64Range.self, Int32Range.self,
      HttpUri.self, CoreRetryPolicy.self, CoreRetryPolicy.BackoffStrategy.self,
    ]
    return messages.map(MessageDescription.init)
  }
}
