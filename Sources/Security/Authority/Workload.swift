/// Who gets a certificate, and what kind.
package struct Workload {
  package var identity: SpiffeID
  package var dnsNames: [String]
  package var keyKind: KeyKind
  package var lifeSeconds: Int64

  /// - Throws: a DNS name is none.
  package init(
    _ identity: SpiffeID, dnsNames: [String] = [], keyKind: KeyKind = .p256, lifeSeconds: Int64
  ) throws(AuthorityError) {
    if let wrong = dnsNames.first(where: { !Self.isDNSName($0) }) {
      throw AuthorityError("'\(wrong)' is no DNS name: letters, digits, dashes, underscores and dots are allowed")
    }
    self.identity = identity
    self.dnsNames = dnsNames
    self.keyKind = keyKind
    self.lifeSeconds = lifeSeconds
  }

  /// The same once more: identity, names, kind of key and length of life of a certificate that exists. `chain` is the
  /// content of its file. One that was cut short by its authority's end gets at least `usualLifeSeconds`.
  package init(renewing chain: [SignedCertificate], usualLifeSeconds: Int64) throws(AuthorityError) {
    guard let certificate = chain.first else { throw AuthorityError("holds no certificate") }
    let report = certificate.report
    guard report.uriNames.count == 1, let identity = report.uriNames.first.flatMap({ SpiffeID($0) }),
      !report.isAuthority
    else { throw AuthorityError("its first certificate is no workload's: it does not bear one SPIFFE ID") }
    let life = certificate.notAfter - certificate.notBefore - Authority.backdatingSeconds
    let wasCut = chain.dropFirst().contains { $0.notAfter == certificate.notAfter }
    try self.init(
      identity, dnsNames: report.dnsNames, keyKind: report.keyKind,
      lifeSeconds: max(wasCut ? max(life, usualLifeSeconds) : life, 1))
  }

  /// A host name (RFC 1123 §2.1, and underscores), its first label perhaps `*`.
  private static func isDNSName(_ name: String) -> Bool {
    guard 1...253 ~= name.utf8.count else { return false }
    var labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)[...]
    if let first = labels.first, first.elementsEqual("*".utf8), labels.count > 1 { labels = labels.dropFirst() }
    return labels.allSatisfy { label in
      1...63 ~= label.count && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
        && label.allSatisfy { byte in
          switch byte {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
          default: false
          }
        }
    }
  }
}
