/// Why settings make no ``TLSContext``: which of them, and what is wrong with it, in words. Never holds key bytes.
package struct TLSConfigurationError: Error, Equatable, CustomStringConvertible {
  package enum Kind: Equatable, Sendable {
    case certificateChain, privateKey, keyMismatch, trustedCA, crl, cipherSuites, curves, signatureAlgorithms, alpn
    case versions, ticketKeys, keyLog, certificateType, outOfMemory
  }

  package let kind: Kind
  package let description: String

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
