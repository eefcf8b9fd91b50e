/// Names as DNS has them (RFC 1035 §3.1).
package enum DNSName {
  /// Whether a name, without a dot at its end, can stand in a question.
  package static func isValid(_ name: String) -> Bool {
    guard !name.isEmpty, name.utf8.count <= 253 else { return false }
    return name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      !label.isEmpty && label.count <= 63
    }
  }

  /// As the wire has it: each label behind its length.
  package static func encode(_ name: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for label in name.utf8.split(separator: UInt8(ascii: ".")) {
      bytes.append(UInt8(truncatingIfNeeded: label.count))
      bytes += label
    }
    bytes.append(0)
    return bytes
  }
}
