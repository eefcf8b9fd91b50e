/// `envoy.config.core.v3.TransportSocket`: what lies between a connection and its socket's bytes.
package indirect enum TransportSocket: Sendable {
  /// Plain text: `envoy.transport_sockets.raw_buffer`, or no transport socket at all.
  case rawBuffer
  /// Of a filter chain only.
  case downstreamTls(DownstreamTlsContext)
  /// Of a cluster only.
  case upstreamTls(UpstreamTlsContext)
}
