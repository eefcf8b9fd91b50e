import Reactor

/// Where a forward proxy's client wants to go: an authority (RFC 3986 §3.2) without user information, whose host is not
/// empty and whose port is 1 to 65,535.
package struct ForwardTarget: Sendable, Hashable, CustomStringConvertible {
  package enum Host: Sendable, Hashable {
    /// Its port is the target's.
    case address(SocketAddress)
    /// In lower case, without a dot at its end.
    case name(String)
  }

  private static let nameLimit = 253

  package let host: Host
  package let port: UInt16

  /// - Parameter defaultPort: where the text names none; nil: it has to.
  package init?(_ text: String, defaultPort: UInt16? = nil) {
    let (host, rest) = Self.split(text[...])
    guard let port = rest.isEmpty ? defaultPort : Self.port(rest), port > 0 else { return nil }
    self.port = port
    if host.hasPrefix("[") {
      // What stands in brackets is an IPv6 address, and nothing else.
      guard host.contains(":"), let address = SocketAddress(ip: String(host.dropFirst().dropLast()), port: port) else {
        return nil
      }
      self.host = .address(address.unmapped)
    } else if let address = SocketAddress(ip: String(host), port: port) {
      self.host = .address(address)
    } else {
      let name = host.hasSuffix(".") ? host.dropLast() : host
      guard !name.isEmpty, name.utf8.count <= Self.nameLimit, name.utf8.allSatisfy(Self.isNameByte) else { return nil }
      self.host = .name(name.lowercased())
    }
  }

  package init(_ address: SocketAddress) {
    host = .address(address)
    port = address.port
  }

  package var description: String {
    switch host {
    case .address(let address): address.description
    case .name(let name): "\(name):\(port)"
    }
  }

  /// The host, with its brackets, and what follows it.
  private static func split(_ text: Substring) -> (Substring, Substring) {
    let colon = UInt8(ascii: ":")
    if text.hasPrefix("[") {
      guard let bracket = text.utf8.firstIndex(of: UInt8(ascii: "]")) else { return ("", text) }
      let end = text.utf8.index(after: bracket)
      return (text[..<end], text[end...])
    }
    let end = text.utf8.firstIndex(of: colon) ?? text.endIndex
    return (text[..<end], text[end...])
  }

  /// Of ":80".
  private static func port(_ text: Substring) -> UInt16? {
    let digits = text.dropFirst()
    guard text.hasPrefix(":"), digits.utf8.count <= 5, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
      return nil
    }
    return UInt16(digits)
  }

  /// What names of hosts are made of; a reg-name's other characters stand in none.
  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
    default: false
    }
  }
}

extension SocketAddress {
  /// 127.0.0.1 for ::ffff:127.0.0.1 (RFC 4291 §2.5.5.2): the kernel goes to that one.
  fileprivate var unmapped: SocketAddress {
    guard let halves = ipHalves, !halves.isIPv4, halves.high == 0, halves.low >> 32 == 0xffff else { return self }
    return SocketAddress(ipv4: UInt32(truncatingIfNeeded: halves.low), port: port)
  }
}
