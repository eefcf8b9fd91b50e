/// Which check a peer's certificate failed, in words that name it; decides the counter and the alert.
package struct VerificationFailure: Equatable, Sendable {
  package enum Check: Equatable, Sendable {
    /// The chain: X.509's own rules, with OpenSSL's code (X509_V_ERR_…).
    case trustChain(code: Int32)
    case subjectAltName
    case certificateHash
    /// Rules stand that nothing could be checked against.
    case nothingChecked
  }

  package let check: Check
  package let reason: String

  package var counter: TLSFailure.Counter {
    switch check {
    case .trustChain, .nothingChecked: .failVerifyError
    case .subjectAltName: .failVerifySan
    case .certificateHash: .failVerifyCertHash
    }
  }
}
