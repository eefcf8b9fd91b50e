import EnvoyConfig

/// The configuration decoder against whatever comes. Input: `y` for YAML or anything else for JSON, then the text. It must
/// do no harm and answer with errors that have a place; what is right must print as JSON that is right again.
func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let data, count > 1 else { return 0 }
  let text = Array(UnsafeBufferPointer(start: data + 1, count: count - 1))
  switch loadBootstrap(text: text, file: "f", isYAML: data[0] == 0x79) {
  case .failure(let errors):
    for error in errors.errors where error.location.line < 1 || error.location.column < 1 || error.problem.isEmpty {
      fatalError("an error without a place or words: \(error)")
    }
  case .success(let bootstrap):
    guard let printed = bootstrap.document?.json else { fatalError("no document") }
    if printed.contains("[redacted]") { return 0 }
    if case .failure(let errors) = loadBootstrap(text: Array(printed.utf8), file: "printed", isYAML: false) {
      fatalError("printed as JSON it is refused: \(errors)")
    }
  }
  return 0
}
