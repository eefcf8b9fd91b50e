import Reactor

/// How a parser fills a map: it adds slices of a head while it reads, and then has the head copied in one go.
extension HeaderMap {
  /// Adds a field whose value is a part of the head that ``adopt(_:)`` will bring: nothing is copied yet, and until then
  /// the map must not be read. Ranges are offsets into the head, which is shorter than 4 GiB.
  @inline(__always)
  func addSlice(_ name: HeaderName, value: Range<Int>) {
    push(
      Entry(
        nameOffset: 0, valueOffset: UInt32(truncatingIfNeeded: value.lowerBound),
        valueLength: UInt32(truncatingIfNeeded: value.count), nameLength: 0, name: name))
  }

  /// As ``addSlice(_:value:)`` for a name that is not known, no longer than 65,535 bytes.
  @inline(__always)
  func addSlice(named name: Range<Int>, value: Range<Int>) {
    push(
      Entry(
        nameOffset: UInt32(truncatingIfNeeded: name.lowerBound),
        valueOffset: UInt32(truncatingIfNeeded: value.lowerBound),
        valueLength: UInt32(truncatingIfNeeded: value.count), nameLength: UInt16(truncatingIfNeeded: name.count),
        name: .other))
  }

  /// Keeps the next place for a field that is found later, or not at all (``fillPlace(_:_:value:)``). Returns its index.
  @inline(__always)
  func keepPlace() -> Int {
    if endIndex == entryCapacity { growEntries() }
    var entry = Entry(nameOffset: 0, valueOffset: 0, valueLength: 0, nameLength: 0, name: .other)
    entry.removed = true
    (entries + endIndex).initialize(to: entry)
    endIndex += 1
    return endIndex - 1
  }

  /// Puts a slice of the head into a kept place. Returns false where one is there already.
  @inline(__always)
  func fillPlace(_ index: Int, _ name: HeaderName, value: Range<Int>) -> Bool {
    precondition(index >= 0 && index < endIndex)
    guard entries[index].removed else { return false }
    entries[index] = Entry(
      nameOffset: 0, valueOffset: UInt32(truncatingIfNeeded: value.lowerBound),
      valueLength: UInt32(truncatingIfNeeded: value.count), nameLength: 0, name: name)
    count += 1
    note(name, at: index)
    return true
  }

  /// Brings the head that the slices point into. The map holds nothing else yet.
  func adopt(_ head: ByteView) {
    precondition(used == 0)
    _ = store(head)
  }

  /// Makes the unknown names lower-case, in place.
  func lowercaseNames() {
    for index in 0..<endIndex where entries[index].name == .other {
      let name = bytes + Int(entries[index].nameOffset)
      lowercase(name, Int(entries[index].nameLength))
    }
  }

  /// Eight ASCII bytes at a time, the last eight overlapping those before.
  private func lowercase(_ text: UnsafeMutablePointer<UInt8>, _ length: Int) {
    guard length >= 8 else {
      for offset in 0..<length { text[offset] = asciiLowercased(text[offset]) }
      return
    }
    let raw = UnsafeMutableRawPointer(text)
    var offset = 0
    while true {
      let word = raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      let upper = (word &+ 0x3f3f_3f3f_3f3f_3f3f) & ~(word &+ 0x2525_2525_2525_2525) & 0x8080_8080_8080_8080
      raw.storeBytes(of: word | upper &>> 2, toByteOffset: offset, as: UInt64.self)
      if offset &+ 8 == length { return }
      offset = min(offset &+ 8, length &- 8)
    }
  }

  /// Replaces each obs-fold (RFC 9112 §5.2) in a value by one space, in place.
  func unfold(at index: Int) {
    precondition(index >= 0 && index < endIndex)
    let value = bytes + Int(entries[index].valueOffset)
    let length = Int(entries[index].valueLength)
    var source = 0
    var target = 0
    while source < length {
      if value[source] == 0x0d || value[source] == 0x0a {
        while target > 0, Self.isFoldSpace(value[target - 1]) { target -= 1 }
        while source < length, Self.isFoldSpace(value[source]) { source += 1 }
        value[target] = 0x20
      } else {
        value[target] = value[source]
        source += 1
      }
      target += 1
    }
    entries[index].valueLength = UInt32(target)
  }

  private static func isFoldSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0d) }
}
