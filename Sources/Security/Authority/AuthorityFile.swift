/// One file of an authority's or a workload's folder, under the name that Istio gives it.
package struct AuthorityFile {
  package enum Content {
    case certificates([UInt8])
    case key(KeyBytes)
  }

  package let name: String
  package let content: Content

  init(_ name: String, _ certificates: [SignedCertificate]) throws(AuthorityError) {
    self.name = name
    var text: [UInt8] = []
    for certificate in certificates { text += try certificate.pem() }
    content = .certificates(text)
  }

  init(_ name: String, _ key: SigningKey) throws(AuthorityError) {
    self.name = name
    content = .key(try key.pem())
  }
}

extension AuthorityFile {
  /// The roots to trust: the one that signs now, then those that are coming or going. In both kinds of folder.
  package static let rootCertificates = "root-cert.pem"
  /// In an authority's folder: the intermediate and its root. In a workload's: its certificate and the intermediate.
  package static let chain = "cert-chain.pem"
  package static let rootKey = "root-key.pem"
  /// The key of the root that is trusted already and does not sign yet.
  package static let nextRootKey = "root-next-key.pem"
  package static let intermediateCertificate = "ca-cert.pem"
  package static let intermediateKey = "ca-key.pem"
  package static let workloadKey = "key.pem"
}
