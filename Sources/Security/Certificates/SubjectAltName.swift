import COpenSSL
import Glibc

/// A name in a certificate's subjectAltName.
package struct SubjectAltName: Equatable, Sendable {
  package let kind: SubjectAltNameMatcher.Kind
  /// As it stands; an address as text.
  package let value: String

  package init(_ kind: SubjectAltNameMatcher.Kind, _ value: String) {
    self.kind = kind
    self.value = value
  }

  /// The certificate's names of the kinds that we know, in their order. A name that is not text (a NUL, broken UTF-8)
  /// would read as another: it is left out.
  static func all(of certificate: OpaquePointer) -> [SubjectAltName] {
    guard let names = pl_tls_alternative_names(certificate) else { return [] }
    defer { GENERAL_NAMES_free(names) }
    return (0..<max(pl_tls_name_count(names), 0)).compactMap { name(pl_tls_name_at(names, $0)) }
  }

  private static func name(_ entry: UnsafeMutablePointer<GENERAL_NAME>?) -> SubjectAltName? {
    var kind: Int32 = -1
    guard let entry, let string = pl_tls_name_string(entry, &kind), let start = ASN1_STRING_get0_data(string) else {
      return nil
    }
    let bytes = UnsafeBufferPointer(start: start, count: Int(max(ASN1_STRING_length(string), 0)))
    switch kind {
    case GEN_URI: return text(bytes).map { SubjectAltName(.uri, $0) }
    case GEN_DNS: return text(bytes).map { SubjectAltName(.dns, $0) }
    case GEN_EMAIL: return text(bytes).map { SubjectAltName(.email, $0) }
    case GEN_IPADD: return address(bytes).map { SubjectAltName(.ip, $0) }
    default: return nil
    }
  }

  private static func text(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self)
  }

  /// inet_ntop(3) of 4 or 16 bytes; nil for another number of them.
  private static func address(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { room in
      inet_ntop(family, bytes.baseAddress, room.baseAddress, socklen_t(room.count)).map { String(cString: $0) }
    }
  }
}
