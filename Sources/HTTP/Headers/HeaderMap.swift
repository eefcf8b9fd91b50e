import Glibc
import Reactor

/// The header fields of one message, in order, pseudo-header fields first: one flat buffer of bytes and a table of
/// entries, reused from message to message, so that the steady state allocates nothing (docs/RATIONALE.md, "Headers").
///
/// Names are lower-case (RFC 9113 §8.2.1). Views that come out are valid until the map changes; one may be given back in
/// as a value. Cost: finding is linear in the number of fields, and immediate for a known name that is absent.
public final class HeaderMap {
  @usableFromInline
  struct Entry {
    @usableFromInline var nameOffset: UInt32
    @usableFromInline var valueOffset: UInt32
    @usableFromInline var valueLength: UInt32
    @usableFromInline var nameLength: UInt16
    @usableFromInline var name: HeaderName
    @usableFromInline var removed: Bool

    @usableFromInline
    init(nameOffset: UInt32, valueOffset: UInt32, valueLength: UInt32, nameLength: UInt16, name: HeaderName) {
      self.nameOffset = nameOffset
      self.valueOffset = valueOffset
      self.valueLength = valueLength
      self.nameLength = nameLength
      self.name = name
      removed = false
    }
  }

  static let initialBytes = 1024
  private static let initialEntries = 32

  @usableFromInline var bytes: UnsafeMutablePointer<UInt8>
  @usableFromInline var capacity: Int
  @usableFromInline var used = 0
  @usableFromInline var entries: UnsafeMutablePointer<Entry>
  @usableFromInline var entryCapacity: Int
  /// Entries, removed ones included: the bound of an iteration by index.
  public internal(set) var endIndex = 0
  /// Fields that stand in the map.
  public internal(set) var count = 0
  /// A bit for each known name that was ever added since the last ``removeAll()``.
  @usableFromInline var presence: (UInt64, UInt64) = (0, 0)
  /// For each known name that has its bit, one more than the index of the entry that set it, 255 for any beyond.
  @usableFromInline let places: UnsafeMutablePointer<UInt8>
  /// Whether a known name was added that had its bit already.
  var hasRepeated = false

  /// Bytes behind the end of `bytes` that may be read: values are copied by words (``MessageWriter``).
  static let slack = 8

  package init() {
    capacity = Self.initialBytes
    bytes = .allocate(capacity: capacity + Self.slack)
    places = .allocate(capacity: 128)
    entryCapacity = Self.initialEntries
    entries = .allocate(capacity: entryCapacity)
  }

  deinit {
    bytes.deallocate()
    entries.deallocate()
    places.deallocate()
  }

  // MARK: Reading

  /// Whether the entry at an index below ``endIndex`` still stands.
  @inlinable
  public func isLive(at index: Int) -> Bool { !entry(index).removed }

  @inlinable
  public func name(at index: Int) -> HeaderName { entry(index).name }

  @inlinable
  public func nameText(at index: Int) -> ByteView {
    let entry = entry(index)
    if entry.name != .other { return ByteView(entry.name.text) }
    return ByteView(start: bytes + Int(entry.nameOffset), count: Int(entry.nameLength))
  }

  @inlinable
  public func value(at index: Int) -> ByteView {
    let entry = entry(index)
    return ByteView(start: bytes + Int(entry.valueOffset), count: Int(entry.valueLength))
  }

  @inlinable
  @inline(__always)
  public func has(_ name: HeaderName) -> Bool { mayHave(name) && firstPresent(name) != nil }

  /// Whether there may be a field of one of the names: no, where none was ever added.
  func mayHaveAny(of names: HeaderNameSet) -> Bool {
    presence.0 & names.bits.0 | presence.1 & names.bits.1 != 0
  }

  /// Removes every field of every one of the names.
  package func removeAll(of names: HeaderNameSet) {
    guard mayHaveAny(of: names) else { return }
    for index in 0..<endIndex where names.contains(entries[index].name) { remove(at: index) }
    presence.0 &= ~names.bits.0
    presence.1 &= ~names.bits.1
  }

  /// The first value of a known name.
  @inlinable
  @inline(__always)
  public func value(of name: HeaderName) -> ByteView? { mayHave(name) ? presentValue(of: name) : nil }

  @usableFromInline
  func presentValue(of name: HeaderName) -> ByteView? {
    guard let index = firstPresent(name) else { return nil }
    return value(at: index)
  }

  @inlinable
  public func firstIndex(of name: HeaderName) -> Int? {
    guard mayHave(name) else { return nil }
    return firstPresent(name)
  }

  /// The first entry of a name that has its bit: mostly that which set it.
  @inlinable
  @inline(__always)
  func firstPresent(_ name: HeaderName) -> Int? {
    let place = Int(places[Int(name.rawValue)]) &- 1
    if place < 254, !entries[place].removed { return place }
    return scan(for: name, from: place)
  }

  /// The next entry of a known name at or after `index`.
  package func nextIndex(of name: HeaderName, from index: Int) -> Int? {
    mayHave(name) ? scan(for: name, from: index) : nil
  }

  /// The first entry, at or after `index`, of a lower-case name, known or not.
  package func nextIndex(named text: ByteView, from index: Int) -> Int? {
    let known = HeaderName(text)
    if known != .other { return nextIndex(of: known, from: index) }
    var index = index
    while index < endIndex {
      let entry = entries[index]
      if entry.name == .other, !entry.removed, Int(entry.nameLength) == text.count, nameText(at: index) == text {
        return index
      }
      index += 1
    }
    return nil
  }

  package func value(named text: ByteView) -> ByteView? {
    guard let index = nextIndex(named: text, from: 0) else { return nil }
    return value(at: index)
  }

  /// Bytes of all names and values: what Envoy holds against max_request_headers_kb.
  package var byteSize: Int {
    var size = 0
    for index in 0..<endIndex where isLive(at: index) { size += nameText(at: index).count + value(at: index).count }
    return size
  }

  // MARK: Changing

  /// Adds a field at the end, beside others of its name.
  package func add(_ name: HeaderName, _ value: ByteView) {
    let offset = store(value)
    push(Entry(nameOffset: 0, valueOffset: offset, valueLength: UInt32(value.count), nameLength: 0, name: name))
  }

  package func add(_ name: HeaderName, _ literal: StaticString) { add(name, ByteView(literal)) }

  package func add(_ name: HeaderName, decimal: Int) { withDecimal(decimal) { add(name, $0) } }

  /// Adds a field by its lower-case text.
  package func add(named text: ByteView, _ value: ByteView) {
    let known = HeaderName(text)
    if known != .other { return add(known, value) }
    add(unknown: text, value)
  }

  /// As ``add(named:_:)`` for a name that is none of the known.
  func add(unknown text: ByteView, _ value: ByteView) {
    precondition(text.count <= Int(UInt16.max))
    let nameOffset = store(text)
    let valueOffset = store(value)
    push(
      Entry(
        nameOffset: nameOffset, valueOffset: valueOffset, valueLength: UInt32(value.count),
        nameLength: UInt16(text.count), name: .other))
  }

  /// Makes `value` the only one of its name: in the place of the first, or at the end.
  package func set(_ name: HeaderName, _ value: ByteView) {
    guard let index = firstIndex(of: name) else { return add(name, value) }
    replace(at: index, value)
    removeOthers(of: name, after: index)
  }

  package func set(_ name: HeaderName, _ literal: StaticString) { set(name, ByteView(literal)) }

  package func set(_ name: HeaderName, decimal: Int) { withDecimal(decimal) { set(name, $0) } }

  package func set(named text: ByteView, _ value: ByteView) {
    guard let index = nextIndex(named: text, from: 0) else { return add(named: text, value) }
    replace(at: index, value)
    var next = nextIndex(named: text, from: index + 1)
    while let index = next {
      remove(at: index)
      next = nextIndex(named: text, from: index + 1)
    }
  }

  /// Gives the entry another value; its place stays.
  package func replace(at index: Int, _ value: ByteView) {
    precondition(index >= 0 && index < endIndex)
    let offset = store(value)
    entries[index].valueOffset = offset
    entries[index].valueLength = UInt32(value.count)
  }

  /// Appends to the first value of the name after `separator`, or adds the field.
  package func append(_ name: HeaderName, _ value: ByteView, separator: StaticString = ",") {
    guard let index = firstIndex(of: name), entries[index].valueLength > 0 else { return set(name, value) }
    let old = self.value(at: index)
    let separator = ByteView(separator)
    reserve(old.count + separator.count + value.count, keeping: old, value) { target, old, value in
      memcpy(target, old.start, old.count)
      memcpy(target + old.count, separator.start, separator.count)
      memcpy(target + old.count + separator.count, value.start, value.count)
    }
    let length = old.count + separator.count + value.count
    entries[index].valueOffset = UInt32(used)
    entries[index].valueLength = UInt32(length)
    used += length
  }

  /// Appends to the entry's value behind `separator`; at once where that stands last in the buffer, so that many pieces
  /// cost no more than their bytes. `piece` is not a view of this map.
  package func extend(at index: Int, by piece: ByteView, separator: StaticString) {
    precondition(index >= 0 && index < endIndex)
    let separator = ByteView(separator)
    if Int(entries[index].valueOffset) + Int(entries[index].valueLength) != used {
      entries[index].valueOffset = store(value(at: index))
    }
    _ = store(separator)
    _ = store(piece)
    entries[index].valueLength += UInt32(separator.count + piece.count)
  }

  /// Removes every field of the name. Returns whether there was one.
  @inlinable
  @inline(__always)
  @discardableResult
  public func remove(_ name: HeaderName) -> Bool { mayHave(name) && removePresent(name) }

  @usableFromInline
  func removePresent(_ name: HeaderName) -> Bool {
    guard let index = firstPresent(name) else { return false }
    remove(at: index)
    removeOthers(of: name, after: index)
    clearPresence(name)
    return true
  }

  @discardableResult
  package func remove(named text: ByteView) -> Bool {
    var found = false
    var next = nextIndex(named: text, from: 0)
    while let index = next {
      found = true
      remove(at: index)
      next = nextIndex(named: text, from: index + 1)
    }
    return found
  }

  package func remove(at index: Int) {
    precondition(index >= 0 && index < endIndex)
    if entries[index].removed { return }
    entries[index].removed = true
    count -= 1
  }

  package func removeAll() {
    used = 0
    endIndex = 0
    count = 0
    presence = (0, 0)
    hasRepeated = false
  }

  /// Becomes a copy of the live fields of `other`.
  package func copy(from other: HeaderMap) {
    removeAll()
    for index in 0..<other.endIndex where other.isLive(at: index) {
      let name = other.name(at: index)
      if name == .other {
        add(named: other.nameText(at: index), other.value(at: index))
      } else {
        add(name, other.value(at: index))
      }
    }
  }
}
