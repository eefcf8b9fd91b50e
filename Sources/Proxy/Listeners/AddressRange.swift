import EnvoyConfig
import Reactor

/// A CIDR range. Ranges that hold the same addresses are equal.
struct AddressRange: Sendable, Hashable {
  private let prefix: [UInt8]
  /// Bits that count.
  let length: Int

  /// Nil for what is not an address.
  init?(_ range: CidrRange) {
    guard let address = Reactor.SocketAddress(ip: range.addressPrefix, port: 0) else { return nil }
    var bytes = address.ipBytes
    length = min(Int(range.prefixLen), bytes.count * 8)
    for index in bytes.indices {
      let bits = min(8, max(0, length - index * 8))
      bytes[index] &= UInt8(truncatingIfNeeded: 0xff00 >> bits)
    }
    prefix = bytes
  }

  func contains(_ address: [UInt8]) -> Bool {
    guard address.count == prefix.count else { return false }
    let whole = length / 8
    for index in 0..<whole where address[index] != prefix[index] { return false }
    let rest = length % 8
    if rest == 0 { return true }
    return (address[whole] ^ prefix[whole]) >> UInt8(8 - rest) == 0
  }
}
