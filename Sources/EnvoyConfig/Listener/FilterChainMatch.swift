/// `envoy.config.listener.v3.FilterChainMatch`: which connections a filter chain takes. A criterion that is absent or empty
/// is met by all; of several chains the most specific one takes the connection, criteria compared in this order.
package struct FilterChainMatch: Sendable, Hashable {
  package enum ConnectionSourceType: Sendable {
    case any
    case sameIpOrLoopback
    case external
  }

  package var destinationPort: UInt16?
  package var prefixRanges: [CidrRange] = []
  /// In lower case. `*.name` stands for every name below it, whatever its depth.
  package var serverNames: [String] = []
  /// `raw_buffer` or `tls`, as listener filters find it; Envoy takes any text.
  package var transportProtocol = ""
  /// As the client offers them.
  package var applicationProtocols: [String] = []
  /// Of the connection itself.
  package var directSourcePrefixRanges: [CidrRange] = []
  package var sourceType = ConnectionSourceType.any
  /// Of the client as listener filters find it.
  package var sourcePrefixRanges: [CidrRange] = []
  package var sourcePorts: [UInt16] = []

  package init() {}

  package var isEmpty: Bool { self == FilterChainMatch() }
}
