/// Why a TLS session failed: the words for people, and the counter of Envoy's `ssl.` that it belongs to.
package struct TLSFailure: Equatable, Sendable {
  /// Envoy's `ssl.` counters for failures, by their names.
  package enum Counter: Equatable, Sendable {
    case failVerifyNoCert, failVerifyError, failVerifySan, failVerifyCertHash, connectionError
  }

  /// Nil where Envoy counts nothing: the socket failed, or the peer closed it.
  package let counter: Counter?
  package let reason: String
}
