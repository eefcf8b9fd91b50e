/// JSON strings for what is printed rarely.
package enum JSONText {
  /// With its quotes.
  package static func quoted(_ text: String) -> String {
    var buffer = TextBuffer(capacity: text.utf8.count + 2)
    buffer.append(jsonString: text)
    return buffer.view.string
  }
}
