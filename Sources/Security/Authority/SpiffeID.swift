/// The identity of a workload (SPIFFE-ID §2): `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT` in a mesh.
package struct SpiffeID: Equatable, Sendable, CustomStringConvertible {
  package let trustDomain: TrustDomain
  /// Empty (the trust domain itself), or beginning with a slash.
  package let path: String

  package var description: String { "spiffe://\(trustDomain.name)\(path)" }

  /// Of a trust domain itself: what its authorities bear.
  package init(_ trustDomain: TrustDomain) {
    self.trustDomain = trustDomain
    path = ""
  }

  /// Of a workload, as Istio writes it.
  /// - Throws: a name is empty, too long or holds other than letters, digits, dots, dashes and underscores.
  package init(_ trustDomain: TrustDomain, namespace: String, serviceAccount: String) throws(AuthorityError) {
    try Self.checkSegment(namespace, "namespace")
    try Self.checkSegment(serviceAccount, "service account")
    self.trustDomain = trustDomain
    path = "/ns/\(namespace)/sa/\(serviceAccount)"
  }

  /// Reads a URI; nil where it is no SPIFFE ID.
  package init?(_ uri: String) {
    let scheme = "spiffe://"
    guard uri.utf8.count <= 2048, uri.hasPrefix(scheme) else { return nil }
    let rest = uri.utf8.dropFirst(scheme.utf8.count)
    let host = rest.prefix { $0 != UInt8(ascii: "/") }
    guard let trustDomain = try? TrustDomain(String(Substring(host))) else { return nil }
    let path = rest[host.endIndex...]
    let segments = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard path.isEmpty || segments.allSatisfy({ Self.isSegment($0) }) else { return nil }
    self.trustDomain = trustDomain
    self.path = String(Substring(path))
  }

  private static func checkSegment(_ text: String, _ what: String) throws(AuthorityError) {
    guard text.utf8.count <= 253, isSegment(text.utf8) else {
      throw AuthorityError(
        "the \(what) '\(text)' is not 1 to 253 letters, digits, dots, dashes and underscores (and not . or ..)")
    }
  }

  private static func isSegment(_ text: some Collection<UInt8>) -> Bool {
    guard !text.isEmpty, !text.elementsEqual(".".utf8), !text.elementsEqual("..".utf8) else { return false }
    return text.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
  }
}

/// Whose authority vouches for an identity: `cluster.local` where Istio is told nothing else.
package struct TrustDomain: Equatable, Sendable {
  package let name: String

  /// - Throws: it is empty, longer than 255, or holds other than lower-case letters, digits, dots, dashes and
  ///   underscores (SPIFFE-ID §2.1).
  package init(_ name: String) throws(AuthorityError) {
    let isAllowed = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
        UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
    guard isAllowed, 1...255 ~= name.utf8.count, name.utf8.first != UInt8(ascii: ".") else {
      throw AuthorityError(
        "the trust domain '\(name)' is not 1 to 255 lower-case letters, digits, dots, dashes and underscores")
    }
    self.name = name
  }
}
