import EnvoyConfig
import HTTP
import Reactor

/// What RBAC asks of a request, or of a connection. What is not there matches nothing.
protocol RBACFacts {
  var headers: HeaderMap? { get }
  /// Without its query.
  var path: ByteView? { get }
  var localAddress: Reactor.SocketAddress? { get }
  /// Of the connection itself.
  var directRemoteAddress: Reactor.SocketAddress? { get }
  /// Of the client, as x-forwarded-for and its like name it.
  var remoteAddress: Reactor.SocketAddress? { get }
  /// As a listener filter saw it; empty for none. TLS alone does not tell it, in Envoy neither.
  var requestedServerName: [UInt8] { get }
  /// Who the connection's TLS says the peer is; nil for plain text.
  var peer: RBACPeer? { get }
  func dynamicMetadata(_ namespace: String) -> StructValue?
  func routeMetadata(_ namespace: String) -> StructValue?
}

/// The peer of a TLS connection, all of it empty where it showed no certificate.
struct RBACPeer {
  var uriSANs: [String] = []
  var dnsSANs: [String] = []
  var subject = ""

  /// Whether one of the names that the peer goes by matches: its URI SANs, its DNS SANs, its subject.
  func isNamed(_ matcher: StringMatcher) -> Bool {
    uriSANs.contains { matcher.matches($0) } || dnsSANs.contains { matcher.matches($0) } || matcher.matches(subject)
  }
}
