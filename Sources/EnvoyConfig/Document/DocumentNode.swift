/// One value of a document: a handle that keeps the document alive.
package struct DocumentNode: Sendable {
  package let document: Document
  let index: Int

  /// Where the value starts.
  package var location: SourceLocation { document.location(of: index) }

  /// The way to it from the root of its document, as errors print it.
  package var path: String { document.path(of: index) }

  /// The members of an object, in the order of the text; empty for anything else.
  package var members: [(name: String, value: DocumentNode)] {
    guard document.nodes[index].kind == .object else { return [] }
    return childIndices.map { (document.text(of: $0), DocumentNode(document: document, index: $0 + 1)) }
  }

  /// The elements of an array; empty for anything else.
  package var elements: [DocumentNode] {
    guard document.nodes[index].kind == .array else { return [] }
    return childIndices.map { DocumentNode(document: document, index: $0) }
  }

  /// The text of a string; nil for anything else.
  package var string: String? {
    document.nodes[index].kind == .string ? document.text(of: index) : nil
  }

  /// The member of an object by its exact name.
  package subscript(name: String) -> DocumentNode? {
    members.first { $0.name == name }?.value
  }

  /// The keys of an object, the elements of an array.
  private var childIndices: [Int] {
    let parent = document.nodes[index]
    var indices: [Int] = []
    var child = index + 1
    while child < Int(parent.end) {
      indices.append(child)
      child = Int(document.nodes[parent.kind == .object ? child + 1 : child].end)
    }
    return indices
  }
}
