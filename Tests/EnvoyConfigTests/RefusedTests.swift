import EnvoyConfig
import Testing

/// Every file in Refused/ is one configuration with errors. A comment `#! path: problem; allowed` marks the line of one and
/// says how it reads; several errors of a line stand in several marks, in the order of their columns. All of them must come,
/// and none else. `…` stands for any text.
@Suite struct RefusedTests {
  @Test(arguments: CaseFiles.names(in: "Refused"))
  func everyMarkedErrorIsTold(name: String) throws {
    let path = CaseFiles.folder + "Refused/" + name
    let text = String(decoding: try CaseFiles.read(path), as: UTF8.self)
    guard case .failure(let errors) = loadBootstrap(.file(path: path)) else {
      Issue.record("\(name) was accepted")
      return
    }
    let expected = marks(in: text)
    let found = errors.errors.map { (line: $0.location.line, text: withoutPlace($0)) }
    for (index, error) in found.enumerated() {
      guard index < expected.count else {
        Issue.record("\(name):\(error.line): not expected: \(error.text)")
        continue
      }
      let mark = expected[index]
      let isMet = mark.line == error.line && matches(error.text, mark.text)
      #expect(isMet, "\(name):\(mark.line): expected \(mark.text), found at \(error.line): \(error.text)")
    }
    for mark in expected.dropFirst(found.count) { Issue.record("\(name):\(mark.line): did not come: \(mark.text)") }
  }

  private func marks(in text: String) -> [(line: Int, text: String)] {
    text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { number, line in
      var parts: [(line: Int, text: String)] = []
      var rest = line[...]
      while let start = rest.firstRange(of: "#! ") {
        rest = rest[start.upperBound...]
        let end = rest.firstRange(of: " #! ")?.lowerBound ?? rest.endIndex
        parts.append((number + 1, String(rest[..<end])))
        rest = rest[end...]
      }
      return parts
    }
  }

  private func withoutPlace(_ error: ConfigError) -> String {
    String(error.description.dropFirst("\(error.location): ".count))
  }

  private func matches(_ text: String, _ mark: String) -> Bool {
    let parts = mark.split(separator: "…", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return text == mark }
    return text.hasPrefix(parts[0]) && text.hasSuffix(parts[1]) && text.utf8.count >= mark.utf8.count - 3
  }
}

/// Every file in Accepted/ is right, for Envoy 1.40.0 too.
@Suite struct AcceptedTests {
  @Test(arguments: CaseFiles.names(in: "Accepted"))
  func isAccepted(name: String) {
    if case .failure(let errors) = loadBootstrap(.file(path: CaseFiles.folder + "Accepted/" + name)) {
      Issue.record("\(errors)")
    }
  }
}
