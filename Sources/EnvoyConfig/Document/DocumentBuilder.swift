/// Collects the nodes of a document while a parser reads it, and holds the limits.
struct DocumentBuilder {
  let file: String
  /// The text, and behind it what the parser had to rewrite.
  private(set) var bytes: [UInt8]
  private(set) var nodes: [Document.Node] = []
  /// Objects and arrays that are still open, the innermost last.
  private var open: [Int] = []
  /// Keys that stand twice in one object: not fatal to the parse, but to the configuration.
  private(set) var duplicateKeys: [(key: Int, first: Int)] = []

  init(file: String, bytes: [UInt8]) {
    self.file = file
    self.bytes = bytes
    nodes.reserveCapacity(bytes.count / 10)
  }

  /// Makes room for a text of this length.
  mutating func reserve(byteCount: Int) {
    bytes.reserveCapacity(byteCount)
    nodes.reserveCapacity(byteCount / 10)
  }

  /// Whether what comes next is inside an object, directly.
  var isObjectOpen: Bool { open.last.map { nodes[$0].kind == .object } ?? false }
  var count: Int { nodes.count }

  struct Place {
    var line: Int
    var column: Int
  }

  func location(_ place: Place) -> SourceLocation {
    SourceLocation(file: file, line: place.line, column: place.column)
  }

  func error(_ place: Place, _ problem: String, allowed: String = "") -> ConfigError {
    ConfigError(location: location(place), path: "", problem: problem, allowed: allowed)
  }

  /// Adds a key or a scalar whose text already stands in `bytes`.
  mutating func add(_ kind: Document.Kind, text: Range<Int>, at place: Place) throws(ConfigError) {
    try push(
      Document.Node(
        kind: kind, line: UInt32(clamping: place.line), column: UInt32(clamping: place.column),
        start: UInt32(clamping: text.lowerBound), count: UInt32(clamping: text.count)), at: place)
    nodes[nodes.count - 1].end = UInt32(clamping: nodes.count)
  }

  /// Appends rewritten text and returns where it stands.
  mutating func store(_ text: some Sequence<UInt8>) -> Range<Int> {
    let start = bytes.count
    bytes.append(contentsOf: text)
    return start..<bytes.count
  }

  mutating func begin(_ kind: Document.Kind, at place: Place) throws(ConfigError) {
    guard open.count < Document.maximumDepth else {
      throw error(place, "values nest too deep", allowed: "at most \(Document.maximumDepth) levels are allowed")
    }
    try push(
      Document.Node(kind: kind, line: UInt32(clamping: place.line), column: UInt32(clamping: place.column)), at: place)
    open.append(nodes.count - 1)
  }

  /// Closes the innermost object or array and returns its index.
  @discardableResult
  mutating func end() -> Int {
    guard let index = open.popLast() else { return 0 }
    nodes[index].end = UInt32(clamping: nodes.count)
    if nodes[index].kind == .object { noteDuplicateKeys(of: index) }
    return index
  }

  /// Adds a copy of a finished subtree: what a YAML alias stands for. The copy keeps the places of the original.
  mutating func copy(subtreeAt index: Int, asKey: Bool, for place: Place) throws(ConfigError) {
    if asKey {
      guard nodes[index].end == index + 1, nodes[index].kind != .object, nodes[index].kind != .array else {
        throw error(place, "a list or an object as a key", allowed: "a plain text is allowed as a key")
      }
      return try add(.key, text: nodes[index].textRange, at: place)
    }
    let end = Int(nodes[index].end)
    let (shift, size) = (nodes.count - index, end - index)
    guard nodes.count + size <= Document.maximumNodeCount else { throw tooMany(place) }
    guard open.count + depth(of: index) <= Document.maximumDepth else {
      throw error(place, "values nest too deep", allowed: "at most \(Document.maximumDepth) levels are allowed")
    }
    for position in index..<end {
      var node = nodes[position]
      if position == index && node.kind == .key { node.kind = .string }
      node.end += UInt32(clamping: shift)
      nodes.append(node)
    }
  }

  func finish() -> Document { Document(file: file, bytes: bytes, nodes: nodes) }

  private mutating func push(_ node: Document.Node, at place: Place) throws(ConfigError) {
    guard nodes.count < Document.maximumNodeCount else { throw tooMany(place) }
    nodes.append(node)
  }

  private func tooMany(_ place: Place) -> ConfigError {
    error(place, "too many values", allowed: "at most \(Document.maximumNodeCount) are allowed")
  }

  /// How many levels a subtree has.
  private func depth(of index: Int) -> Int {
    var ends: [UInt32] = []
    var deepest = 0
    for position in index..<Int(nodes[index].end) {
      while let end = ends.last, Int(end) <= position { ends.removeLast() }
      guard nodes[position].kind == .object || nodes[position].kind == .array else { continue }
      ends.append(nodes[position].end)
      deepest = max(deepest, ends.count)
    }
    return deepest
  }

  /// Few keys are compared pair by pair; from there on a set keeps it linear.
  private mutating func noteDuplicateKeys(of object: Int) {
    var keys: [Int] = []
    var index = object + 1
    while index < Int(nodes[object].end) {
      keys.append(index)
      index = Int(nodes[index + 1].end)
    }
    if keys.count <= 12 {
      for (position, key) in keys.enumerated() {
        if let first = keys[..<position].first(where: { sameText($0, key) }) { duplicateKeys.append((key, first)) }
      }
      return
    }
    var seen: [ArraySlice<UInt8>: Int] = [:]
    for key in keys {
      if let first = seen.updateValue(key, forKey: bytes[nodes[key].textRange]) { duplicateKeys.append((key, first)) }
    }
  }

  private func sameText(_ left: Int, _ right: Int) -> Bool {
    let (text, other) = (nodes[left].textRange, nodes[right].textRange)
    guard text.count == other.count else { return false }
    guard let (first, start) = text.first.flatMap({ first in other.first.map { (first, $0) } }) else { return true }
    return bytes[first] == bytes[start] && bytes[text].elementsEqual(bytes[other])
  }
}
