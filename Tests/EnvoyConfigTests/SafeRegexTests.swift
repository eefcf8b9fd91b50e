import EnvoyConfig
import Testing

@Suite struct SafeRegexTests {
  @Test func matchesWholeOrPart() throws {
    let regex = try SafeRegex("/a/[0-9]+")
    for (text, full, partial) in [("/a/12", true, true), ("x/a/1x", false, true), ("", false, false)] {
      Array(text.utf8).withUnsafeBytes { bytes in
        #expect(regex.fullMatch(bytes) == full)
        #expect(regex.partialMatch(bytes) == partial)
      }
    }
    #expect(try SafeRegex("").fullMatch(UnsafeRawBufferPointer(start: nil, count: 0)))
  }

  @Test func replacesEveryMatch() throws {
    let regex = try SafeRegex("([a-z])([0-9])")
    let result = Array("a1-b2".utf8).withUnsafeBytes { regex.replaceAll($0, with: #"\2\1"#) }
    #expect(String(decoding: result, as: UTF8.self) == "1a-2b")
    #expect(regex.accepts(substitution: #"\2"#))
    #expect(!regex.accepts(substitution: #"\3"#))
  }

  @Test func tellsWhyInRE2sWords() {
    let error = #expect(throws: SafeRegex.CompileError.self) { try SafeRegex("[") }
    #expect(error?.text == "missing ]: [")
    #expect(throws: SafeRegex.CompileError.self) { try SafeRegex("(?!x)") }
  }
}
