import Reactor

/// The addresses that names of the configuration have inside: 240.240.0.0/16 and 2001:2::/48, which nobody routes. A name has
/// the same address in every run, unless two meet: then the later one moves on. Shared by workers, who ask which name an
/// address is.
package final class VirtualAddresses: Sendable {
  private struct Table {
    var numbers: [String: UInt16] = [:]
    var names: [UInt16: String] = [:]
  }

  /// Of an address of each family; the same number in both.
  package struct Pair: Sendable, Equatable {
    package let number: UInt16

    package var ipv4: [UInt8] { [240, 240, UInt8(number >> 8), UInt8(number & 0xff)] }

    /// As a destination.
    package func address(port: UInt16) -> SocketAddress? {
      SocketAddress(ip: ipv4.map { "\($0)" }.joined(separator: "."), port: port)
    }

    package var ipv6: [UInt8] {
      [0x20, 0x01, 0, 2] + Array(repeating: 0, count: 10) + [UInt8(number >> 8), UInt8(number & 0xff)]
    }
  }

  /// The resolver that the app is told of; whatever other it asks, the question comes to us as well.
  package static let resolver = "240.240.0.10"
  /// The host's loopback, any port.
  package static let host = Pair(number: 0xfffe)
  private static let reserved: Set<UInt16> = [0, 0x000a, 0xfffe, 0xffff]
  /// Names at most: wildcards have one for each name that is asked.
  private static let limit = 60_000

  private let table = Locked(Table())

  /// - Parameter names: they have theirs before any other.
  package init(_ names: some Collection<String> = []) {
    for name in names.sorted() { _ = pair(for: name) }
  }

  /// The name's addresses; nil when there are none left.
  package func pair(for name: String) -> Pair? {
    table.withLock { table -> Pair? in
      if let number = table.numbers[name] { return Pair(number: number) }
      guard table.numbers.count < Self.limit else { return nil }
      var number = Self.hash(name)
      while Self.reserved.contains(number) || table.names[number] != nil { number &+= 1 }
      table.numbers[name] = number
      table.names[number] = name
      return Pair(number: number)
    }
  }

  /// Whose address it is; nil for one that nobody was given.
  package func name(of address: SocketAddress) -> String? {
    guard let number = Self.number(of: address) else { return nil }
    return table.withLock { $0.names[number] }
  }

  package static func isHost(_ address: SocketAddress) -> Bool { number(of: address) == host.number }

  private static func number(of address: SocketAddress) -> UInt16? {
    let bytes = address.ipBytes
    guard bytes.count >= 4 else { return nil }
    let number = UInt16(bytes[bytes.count - 2]) << 8 | UInt16(bytes[bytes.count - 1])
    let pair = Pair(number: number)
    return bytes == pair.ipv4 || bytes == pair.ipv6 ? number : nil
  }

  /// FNV-1a, folded to 16 bits: the same in every run.
  private static func hash(_ name: String) -> UInt16 {
    var hash: UInt32 = 2_166_136_261
    for byte in name.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    return UInt16(truncatingIfNeeded: hash >> 16 ^ hash)
  }
}
