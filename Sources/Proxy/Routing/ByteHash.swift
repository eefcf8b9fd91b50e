import Reactor

/// FNV-1a: a byte at a time, so that the hashes of all prefixes of a path come out of one pass over it. The keys stand in
/// the configuration, so nobody from outside can choose them to collide.
struct ByteHash {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }

  static func of(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { of(ByteView($0)) } }

  static func of(_ bytes: ByteView) -> UInt64 {
    var hash = ByteHash()
    for byte in bytes.buffer { hash.add(byte) }
    return hash.value
  }

}

/// A hash of a host in any case of letters, eight bytes at a time: of a whole name, so no prefix of it matters.
enum HostHash {
  static func of(_ host: [UInt8]) -> UInt64 { host.withUnsafeBytes { of(ByteView($0)) } }

  static func of(_ host: ByteView) -> UInt64 {
    let start = UnsafeRawPointer(host.start)
    if host.count < 8 {
      var word: UInt64 = 0
      for byte in host.buffer { word = word << 8 | UInt64(byte) }
      return mix(UInt64(host.count), word)
    }
    var hash = UInt64(host.count)
    var offset = 0
    while offset &+ 8 < host.count {
      hash = mix(hash, (start + offset).loadUnaligned(as: UInt64.self))
      offset &+= 8
    }
    // The last eight overlap those before.
    return mix(hash, (start + (host.count &- 8)).loadUnaligned(as: UInt64.self))
  }

  @inline(__always)
  private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let mixed = (hash ^ lowercased(word)) &* 0x9e37_79b9_7f4a_7c15
    return mixed ^ mixed >> 29
  }

  @inline(__always)
  private static func lowercased(_ word: UInt64) -> UInt64 {
    let ascii = word & 0x7f7f_7f7f_7f7f_7f7f
    let upper = (ascii &+ 0x3f3f_3f3f_3f3f_3f3f) & ~(ascii &+ 0x2525_2525_2525_2525) & ~word & 0x8080_8080_8080_8080
    return word | upper >> 2
  }
}

/// From hashes to small numbers: open addressing, at most half full. Different keys with the same hash share an entry, so
/// what is found must be compared with the key.
struct HashIndex: Sendable, BitwiseCopyable {
  private struct Slot: BitwiseCopyable {
    var hash: UInt64 = 0
    var value: Int32 = -1
  }

  private let slots: ConstantList<Slot>
  private let mask: UInt64

  /// Hashes must be distinct, values not negative.
  init(_ values: [UInt64: Int], arena: RouteArena) {
    var capacity = 2
    while capacity < values.count * 2 { capacity *= 2 }
    var slots = [Slot](repeating: Slot(), count: values.isEmpty ? 0 : capacity)
    mask = UInt64(capacity - 1)
    for (hash, value) in values {
      var position = Int(Self.mix(hash) & mask)
      while slots[position].value >= 0 { position = (position + 1) % capacity }
      slots[position] = Slot(hash: hash, value: Int32(value))
    }
    self.slots = arena.list(slots)
  }

  var isEmpty: Bool { slots.isEmpty }

  func find(_ hash: UInt64) -> Int? {
    if slots.isEmpty { return nil }
    var position = Self.mix(hash) & mask
    while true {
      let slot = slots[Int(position)]
      if slot.value < 0 { return nil }
      if slot.hash == hash { return Int(slot.value) }
      position = (position &+ 1) & mask
    }
  }

  /// FNV's upper bits are better than its lower ones.
  private static func mix(_ hash: UInt64) -> UInt64 { hash ^ (hash >> 32) }
}
