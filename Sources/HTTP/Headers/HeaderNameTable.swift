import Reactor

/// The known names by a hash of length, first and last letter, so that a name on the wire is recognised with one or two
/// comparisons. Built once from ``HeaderName``: a new case there needs nothing here.
final class HeaderNameTable: Sendable {
  static let shared = HeaderNameTable()

  private static let slotCount = 1024

  /// Raw values of names; 0 (`other`) is an empty slot. Collisions go to the next one.
  private let slots: [UInt8]
  private let texts: [StaticString]

  private init() {
    var slots = [UInt8](repeating: 0, count: Self.slotCount)
    var texts = [StaticString](repeating: "", count: Int(UInt8.max) + 1)
    for name in HeaderName.allCases where name != .other {
      var slot = Self.slot(of: ByteView(name.text))
      while slots[slot] != 0 { slot = (slot + 1) & (Self.slotCount - 1) }
      slots[slot] = name.rawValue
      texts[Int(name.rawValue)] = name.text
    }
    self.slots = slots
    self.texts = texts
  }

  /// The known name that is `text` in any case of letters, or `other`.
  func find(_ text: ByteView) -> HeaderName {
    guard text.count > 0 else { return .other }
    var slot = Self.slot(of: text)
    while slots[slot] != 0 {
      if ByteView(texts[Int(slots[slot])]).equalsLowercased(text) {
        return HeaderName(rawValue: slots[slot]) ?? .other
      }
      slot = (slot + 1) & (Self.slotCount - 1)
    }
    return .other
  }

  @inline(__always)
  private static func slot(of text: ByteView) -> Int {
    let first = Int(text[0] | 0x20)
    let last = Int(text[text.count - 1] | 0x20)
    return (text.count &* 37 &+ first &* 9 &+ last &* 153) & (slotCount - 1)
  }
}
