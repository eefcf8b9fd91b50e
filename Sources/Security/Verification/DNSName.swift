import Reactor

/// DNS names of certificates (RFC 6125 §6.4.3, as narrow as Envoy: the wildcard is the whole first label).
package enum DNSName {
  /// Whether `name` is what a certificate's `pattern` stands for: the same without regard to case, or one label more than
  /// what follows "*.".
  package static func matches(_ name: String, pattern: String) -> Bool {
    var name = Array(name.utf8.map(asciiLowercased))
    let pattern = Array(pattern.utf8.map(asciiLowercased))
    if name == pattern { return true }
    guard pattern.count > 2, pattern[0] == UInt8(ascii: "*"), pattern[1] == UInt8(ascii: "."),
      let dot = name.firstIndex(of: UInt8(ascii: ".")), dot > 0
    else { return false }
    name.removeFirst(dot)
    return name.elementsEqual(pattern.dropFirst())
  }
}
