import HTTP
import Reactor

extension WorkerConnectionManager {
  /// `forward_client_cert_details`: what becomes of the client's `x-forwarded-client-cert`, and what we say in it of the
  /// client's certificate. Without one, nobody but who asks for ALWAYS_FORWARD_ONLY passes a client's word on.
  func forwardClientCert(_ headers: HeaderMap, _ downstream: ConnectionManager) {
    if info.forwardClientCertDetails == .alwaysForwardOnly { return }
    guard info.forwardClientCertDetails != .sanitize, let element = downstream.clientCertElement else {
      headers.remove(.xForwardedClientCert)
      return
    }
    switch info.forwardClientCertDetails {
    case .sanitize, .forwardOnly, .alwaysForwardOnly: break
    case .appendForward: element.withUnsafeBytes { headers.append(.xForwardedClientCert, ByteView($0)) }
    case .sanitizeSet: element.withUnsafeBytes { headers.set(.xForwardedClientCert, ByteView($0)) }
    }
  }
}
