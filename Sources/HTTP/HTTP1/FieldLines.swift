import Reactor

/// Reads the field lines of a head or of a trailer section (RFC 9112 §5) into a map, as slices of the bytes read.
struct FieldLines {
  enum Section { case request, response, requestTrailers, responseTrailers }

  let section: Section
  let maxCount: Int
  /// Where `host` goes, as :authority; -1 where it is a field like any other.
  var authorityPlace = -1

  /// What the fields need once the map has adopted the head.
  private(set) var hasUnknownUpperCase = false
  private(set) var hasRepeated = false
  private(set) var hasFolds = false

  init(_ section: Section, maxCount: Int) {
    self.section = section
    self.maxCount = maxCount
  }

  /// Reads up to and with the empty line. Returns what follows it, or nil where it has not come; the map then holds
  /// slices of what is incomplete and is to be emptied.
  mutating func read(
    _ bytes: ByteView, from start: Int, into map: HeaderMap, names: HeaderNameTable
  ) throws(CodecError) -> Int? {
    let base = bytes.start
    let count = bytes.count
    var index = start
    var lines = 0
    while index < count {
      let first = base[index]
      if first == 0x0d || first == 0x0a { return try endOfLine(bytes, at: index) }
      let nameEnd = bytes.endOfName(from: index)
      guard nameEnd < count else { return nil }
      guard base[nameEnd] == 0x3a, nameEnd > index else { throw Self.fault(ofNameByte: base[nameEnd]) }
      let name = names.find(bytes, from: index, length: nameEnd &- index)
      if name == .other { try checkName(bytes[index..<nameEnd]) }
      var valueStart = nameEnd &+ 1
      while valueStart < count, Self.isSpace(base[valueStart]) { valueStart &+= 1 }
      var valueEnd = bytes.endOfValue(from: valueStart)
      var next = valueEnd &+ 2
      if next >= count || base[valueEnd] != 0x0d || base[valueEnd &+ 1] != 0x0a || Self.isSpace(base[next]) {
        guard let line = try readUncommonEnd(bytes, valueStart, valueEnd) else { return nil }
        valueStart = line.value.lowerBound
        valueEnd = line.value.upperBound
        next = line.next
      }
      while valueEnd > valueStart, Self.isSpace(base[valueEnd &- 1]) { valueEnd &-= 1 }
      lines &+= 1
      guard lines <= maxCount else { throw .tooManyHeaders }
      try add(name, bytes, index..<nameEnd, valueStart..<valueEnd, to: map)
      index = next
    }
    return nil
  }

  /// Makes of the slices what a map promises. `map` has adopted the head.
  func finish(_ map: HeaderMap) {
    if hasUnknownUpperCase { map.lowercaseNames() }
    if hasFolds { for index in 0..<map.endIndex where map.isLive(at: index) { map.unfold(at: index) } }
    if hasRepeated { map.joinRepeated(of: joinedNames) }
  }

  /// obs-fold is refused in requests, and becomes a space in responses (RFC 9112 §5.2).
  private var foldsAllowed: Bool { section == .response || section == .responseTrailers }

  private var joinedNames: HeaderNameSet {
    switch section {
    case .request: .joinedInRequests
    case .response: .joinedInResponses
    case .requestTrailers, .responseTrailers: .joinedInTrailers
    }
  }

  @inline(__always)
  private mutating func add(
    _ name: HeaderName, _ bytes: ByteView, _ nameRange: Range<Int>, _ value: Range<Int>, to map: HeaderMap
  ) throws(CodecError) {
    if name == .other { return map.addSlice(named: nameRange, value: value) }
    if name == .host, authorityPlace >= 0 {
      // RFC 9112 §3.2: more than one Host, or one that is not valid, is a bad request.
      guard HostSyntax.isValidHost(bytes[value]) else { throw .invalidAuthority }
      guard map.fillPlace(authorityPlace, .authority, value: value) else { throw .malformed }
      return
    }
    if map.mayHave(name) { hasRepeated = true }
    map.addSlice(name, value: value)
  }

  private mutating func checkName(_ name: ByteView) throws(CodecError) {
    guard name.count <= Int(UInt16.max) else { throw .headersTooLarge }
    var all: UInt8 = 1
    var any: UInt8 = 0
    for index in 0..<name.count {
      let kind = fieldNameBytes[Int(name.start[index])]
      all &= kind
      any |= kind
    }
    guard all != 0 else { throw .malformed }
    if any & 2 != 0 { hasUnknownUpperCase = true }
  }

  /// A line that does not end with CRLF and another name: with a single LF, with a fold, with the bytes, or not at all.
  private mutating func readUncommonEnd(
    _ bytes: ByteView, _ valueStart: Int, _ valueEnd: Int
  ) throws(CodecError) -> (value: Range<Int>, next: Int)? {
    guard valueEnd < bytes.count, var next = try endOfLine(bytes, at: valueEnd) else { return nil }
    guard next < bytes.count, Self.isSpace(bytes[next]) else { return (valueStart..<valueEnd, next) }
    guard foldsAllowed else { throw .malformed }
    guard var end = try endOfFolds(bytes, from: &next) else { return nil }
    var start = valueStart
    while start < end, Self.isFoldSpace(bytes[start]) { start += 1 }
    while end > start, Self.isFoldSpace(bytes[end - 1]) { end -= 1 }
    hasFolds = true
    return (start..<end, next)
  }

  /// The end of a value that goes on over lines that begin with a space; `next` becomes the line after it.
  private func endOfFolds(_ bytes: ByteView, from next: inout Int) throws(CodecError) -> Int? {
    var end = next
    while next < bytes.count, Self.isSpace(bytes[next]) {
      end = bytes.endOfValue(from: next)
      guard end < bytes.count, let following = try endOfLine(bytes, at: end) else { return nil }
      next = following
    }
    return next < bytes.count ? end : nil
  }

  @inline(__always)
  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  private static func isFoldSpace(_ byte: UInt8) -> Bool { isSpace(byte) || byte == 0x0d || byte == 0x0a }

  private static func fault(ofNameByte byte: UInt8) -> CodecError {
    byte < 0x20 && byte != 0x09 && byte != 0x0a && byte != 0x0d ? .invalidCharacters : .malformed
  }
}

extension FieldLines {
  /// A trailer section, complete with its empty line, as a map from the pool.
  static func readTrailers(
    _ bytes: ByteView, _ section: Section, maxCount: Int, names: HeaderNameTable, pool: HeaderMapPool
  ) throws(CodecError) -> HeaderMap {
    let map = pool.take()
    do throws(CodecError) {
      var lines = FieldLines(section, maxCount: maxCount)
      guard try lines.read(bytes, from: 0, into: map, names: names) != nil else { throw .malformed }
      map.adopt(bytes)
      lines.finish(map)
      return map
    } catch {
      pool.giveBack(map)
      throw error
    }
  }
}
