import EnvoyConfig
import Reactor

/// A CIDR range that is compared without touching the heap.
package struct AddressRange: Sendable, BitwiseCopyable {
  /// Bits that count.
  package let length: Int
  private let isIPv4: Bool
  private let high: UInt64
  private let low: UInt64
  private let highMask: UInt64
  private let lowMask: UInt64

  /// Nil for what is not an address.
  package init?(_ range: CidrRange) {
    guard let address = Reactor.SocketAddress(ip: range.addressPrefix, port: 0), let halves = address.ipHalves else {
      return nil
    }
    isIPv4 = halves.isIPv4
    // As in Envoy, a length beyond the address's own is that.
    length = min(Int(range.prefixLen), isIPv4 ? 32 : 128)
    // An IPv4 address stands in the upper half of the first word.
    highMask = Self.mask(min(length, 64))
    lowMask = Self.mask(max(length - 64, 0))
    high = halves.high & highMask
    low = halves.low & lowMask
  }

  private static func mask(_ length: Int) -> UInt64 { length == 0 ? 0 : ~0 << UInt64(64 - length) }

  /// No range holds what is no IP address.
  package func contains(_ address: Reactor.SocketAddress?) -> Bool {
    guard let halves = address?.ipHalves, halves.isIPv4 == isIPv4 else { return false }
    return halves.high & highMask == high && halves.low & lowMask == low
  }
}
