import EnvoyConfig

/// A secret from a file, with what the files that it names held, and without its keys: what /config_dump shows.
enum SecretJSON {
  private static let redacted = "W3JlZGFjdGVkXQ=="

  static func resolved(_ secret: Secret) -> AdminJSON {
    let members = secret.node.map { AdminJSON.document($0) }?.members ?? []
    return .object(members.map { ($0.name, resolved($0.value, secret)) })
  }

  private static func resolved(_ value: AdminJSON, _ secret: Secret) -> AdminJSON {
    if value.members.isEmpty { return value }
    return .object(
      value.members.map { member in
        guard member.value["filename"] != nil else { return member }
        let text = bytes(of: member.name, secret).map(base64) ?? redacted
        return (member.name, .object([("inline_bytes", .string(text))]))
      })
  }

  /// What a file held that is no secret; nil for all others.
  private static func bytes(of field: String, _ secret: Secret) -> [UInt8]? {
    switch (secret.type, field) {
    case (.tlsCertificate(let certificate), "certificate_chain"): certificate.certificateChain?.bytes
    case (.validationContext(let context), "trusted_ca"): context.trustedCa?.bytes
    case (.validationContext(let context), "crl"): context.crl?.bytes
    default: nil
    }
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.enumerated().reduce(UInt32(0)) { $0 | UInt32($1.element) << UInt32(16 - 8 * $1.offset) }
      for place in 0..<4 {
        let isPadding = place > group.count
        text.append(isPadding ? UInt8(ascii: "=") : alphabet[Int(bits >> UInt32(18 - 6 * place) & 63)])
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
