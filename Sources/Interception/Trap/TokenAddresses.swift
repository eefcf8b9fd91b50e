import Reactor

/// Addresses of 127.16.0.0/12 that stand for destinations: what a trapped connect() is pointed to, and what the accepted
/// socket then has for its own address. A destination keeps its token until as many others have come after it as are
/// kept; a token is not given to another before all of the range have had their turn. Shared by workers.
package final class TokenAddresses: Sendable {
  private struct Table {
    var numbers: [SocketAddress: UInt32] = [:]
    /// By number, modulo the limit.
    var destinations: [SocketAddress?]
    /// Of the next token, modulo the range. The first address, 127.16.0.0, is left out: it looks like a network's.
    var next: UInt32 = 1
  }

  private static let base: UInt32 = 127 << 24 | 16 << 16
  /// Addresses in the range.
  private static let range: UInt32 = 1 << 20

  private let limit: UInt32
  private let table: Locked<Table>

  /// - Parameter limit: destinations that are kept; a power of two, at most 2^20.
  package init(limit: UInt32 = 1 << 16) {
    self.limit = limit
    table = Locked(Table(destinations: Array(repeating: nil, count: Int(limit))))
  }

  /// The destination's token, at this port.
  package func token(for destination: SocketAddress, port: UInt16) -> SocketAddress {
    let number = table.withLock { table -> UInt32 in
      if let number = table.numbers[destination] { return number }
      let number = table.next
      let slot = Int(number % limit)
      if let oldest = table.destinations[slot] { table.numbers[oldest] = nil }
      table.destinations[slot] = destination
      table.numbers[destination] = number
      table.next = number + 1 < Self.range ? number + 1 : 1
      return number
    }
    return SocketAddress(ipv4: Self.base + number, port: port)
  }

  /// Whose token an address is, whatever its port; nil for one that is none, or no longer.
  package func destination(of address: SocketAddress) -> SocketAddress? {
    guard let number = Self.number(of: address) else { return nil }
    return table.withLock { table in
      guard let destination = table.destinations[Int(number % limit)], table.numbers[destination] == number else {
        return nil
      }
      return destination
    }
  }

  private static func number(of address: SocketAddress) -> UInt32? {
    guard let halves = address.ipHalves, halves.isIPv4 else { return nil }
    let value = UInt32(truncatingIfNeeded: halves.high >> 32)
    return value > base && value - base < range ? value - base : nil
  }
}
