/// What a certificate shall say, but for its key and issuer.
struct CertificateProfile {
  enum Role: Equatable {
    /// An authority; `pathLength` counts the authorities that may stand below it, nil is any number.
    case authority(pathLength: Int?)
    /// Who speaks TLS, as client and as server.
    case workload
  }

  var role: Role
  /// Empty for workloads: the name is the SPIFFE ID, and the extension is critical then (RFC 5280 §4.2.1.6).
  var organization: String?
  var commonName: String?
  var identity: SpiffeID
  var dnsNames: [String] = []
  /// Identities below this authority must be of its trust domain (RFC 5280 §4.2.1.10).
  var isBoundToTrustDomain = false
  /// Seconds since the epoch.
  var notBefore: Int64
  var notAfter: Int64
}
