import EnvoyConfig

/// The names that the configuration routes by. Later the mesh's services join them here.
package struct NameTable: Sendable, Equatable {
  /// In lower case.
  package private(set) var exact: Set<String> = []
  /// ".example.com" for "*.example.com".
  package private(set) var suffixes: Set<String> = []
  /// "api." for "api.*".
  package private(set) var prefixes: Set<String> = []
  /// "-bar.foo.com" for "*-bar.foo.com".
  private var looseSuffixes: Set<String> = []

  package init() {}

  package var isEmpty: Bool { self == NameTable() }

  /// Whether a connection to this name (lower case, no dot at the end) is the configuration's.
  package func contains(_ name: String) -> Bool {
    if exact.contains(name) { return true }
    if looseSuffixes.contains(where: { name.hasSuffix($0) && name.utf8.count > $0.utf8.count }) { return true }
    let bytes = Array(name.utf8)
    return bytes.indices.contains { index in
      guard bytes[index] == UInt8(ascii: "."), index > 0, index < bytes.count - 1 else { return false }
      return suffixes.contains(String(decoding: bytes[index...], as: UTF8.self))
        || prefixes.contains(String(decoding: bytes[...index], as: UTF8.self))
    }
  }

  /// Adds a virtual host's domain, or a server name of a filter chain. "*" is every name, and so none; addresses are no
  /// names either.
  package mutating func insert(domain: String) {
    let name = Self.withoutPort(domain.lowercased())
    if name.isEmpty || name == "*" || Self.isAddress(name) { return }
    if name.hasPrefix("*") {
      let suffix = String(name.dropFirst())
      if suffix.hasPrefix(".") { suffixes.insert(suffix) } else { looseSuffixes.insert(suffix) }
    } else if name.hasSuffix("*") {
      let prefix = String(name.dropLast())
      if prefix.hasSuffix(".") { prefixes.insert(prefix) }
    } else if DNSName.isValid(name) {
      exact.insert(name)
    }
  }

  private static func withoutPort(_ domain: String) -> String {
    guard let colon = domain.utf8.lastIndex(of: UInt8(ascii: ":")) else { return domain }
    let port = domain[domain.utf8.index(after: colon)...]
    return !port.isEmpty && port.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? String(domain[..<colon]) : domain
  }

  private static func isAddress(_ name: String) -> Bool {
    name.hasPrefix("[") || name.contains(":") || name.utf8.allSatisfy { $0 == 0x2e || $0 >= 0x30 && $0 <= 0x39 }
  }
}
