/// The protocol of a connection (Envoy's Http::Protocol).
public enum HTTPProtocol: Equatable, Sendable {
  case http11
  case http2

  /// As access logs write it: "HTTP/1.1", "HTTP/2".
  package var text: StaticString {
    switch self {
    case .http11: "HTTP/1.1"
    case .http2: "HTTP/2"
    }
  }
}
