import Synchronization

/// A parsed configuration text: the tree of its values, each with the place that it stands at. Immutable.
///
/// The tree is one flat array in reading order, in which each node knows where its subtree ends: an object's children are
/// a key and its value by turns. It takes 24 bytes a value and is walked without touching the heap.
package final class Document: Sendable {
  /// The file's path as given, or `<inline>`.
  package let file: String
  /// The text, followed by whatever had to be rewritten (strings with escapes, YAML's scalars).
  let bytes: [UInt8]
  /// Never empty; the first is the root.
  let nodes: [Node]
  /// Keys that named a field in camelCase, by index, with the field's own name. Filled while the document is decoded.
  private let renamed = Mutex<[Int: String]>([:])
  /// Values that nobody is to see, with all that is in them. Filled while the document is decoded.
  private let redacted = Mutex<Set<Int>>([])

  init(file: String, bytes: [UInt8], nodes: [Node]) {
    self.file = file
    self.bytes = bytes
    self.nodes = nodes
  }

  /// Notes that the key at `index` names the field `name`, which it spells in camelCase.
  func rename(key index: Int, to name: String) {
    renamed.withLock { $0[index] = name }
  }

  /// Names of fields by the index of their key, where the text spells them otherwise.
  var canonicalNames: [Int: String] { renamed.withLock { $0 } }

  /// Notes that the value at `index` holds a secret.
  func redact(_ index: Int) {
    redacted.withLock { _ = $0.insert(index) }
  }

  /// The values that hold secrets, by index.
  var redactedNodes: Set<Int> { redacted.withLock { $0 } }

  package var root: DocumentNode { DocumentNode(document: self, index: 0) }

  enum Kind: UInt8, Sendable {
    case null
    case bool
    case number
    case string
    case array
    case object
    case key
  }

  struct Node: Sendable {
    var kind: Kind
    /// From 1. A column counts characters.
    var line: UInt32
    var column: UInt32
    /// The node's text in `bytes`, for keys and scalars.
    var start: UInt32 = 0
    var count: UInt32 = 0
    /// One past the last node of the subtree.
    var end: UInt32 = 0

    var textRange: Range<Int> { Int(start)..<Int(start) + Int(count) }
  }

  /// The most nodes a text may have: what bounds the memory that a small hostile text can ask for.
  static let maximumNodeCount = 2_000_000
  /// How deep objects and arrays may nest.
  static let maximumDepth = 100
  /// The largest text that is read.
  static let maximumByteCount = 64 * 1024 * 1024

  func text(of index: Int) -> String {
    String(decoding: bytes[nodes[index].textRange], as: UTF8.self)
  }

  func location(of index: Int) -> SourceLocation {
    SourceLocation(file: file, line: Int(nodes[index].line), column: Int(nodes[index].column))
  }

  /// The way from the root to a node, as `static_resources.clusters[2].name`; empty for the root. Found by descent, so
  /// that nobody has to carry paths around: only errors ask.
  /// The way from the root to the value at a place; empty where none begins there. Looks at each node: for errors only.
  package func path(at location: SourceLocation) -> String {
    let index = nodes.indices.first { index in
      nodes[index].line == location.line && nodes[index].column == location.column
    }
    return index.map { path(of: $0) } ?? ""
  }

  func path(of target: Int) -> String {
    var path = ""
    var current = 0
    while current != target {
      guard let step = child(of: current, holding: target) else { return path }
      path += step.text
      current = step.index
    }
    return path.hasPrefix(".") ? String(path.dropFirst()) : path
  }

  private func child(of parent: Int, holding target: Int) -> (index: Int, text: String)? {
    let isObject = nodes[parent].kind == .object
    var position = 0
    var index = parent + 1
    while index < Int(nodes[parent].end) {
      let value = isObject ? index + 1 : index
      let end = Int(nodes[value].end)
      if target < end {
        return (target == index ? index : value, isObject ? "." + pathName(of: index) : "[\(position)]")
      }
      index = end
      position += 1
    }
    return nil
  }

  /// A key as it stands in a path: quoted in brackets unless it is a plain name.
  private func pathName(of key: Int) -> String {
    let isPlain = bytes[nodes[key].textRange].allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    return isPlain ? text(of: key) : "\"\(text(of: key))\""
  }
}
