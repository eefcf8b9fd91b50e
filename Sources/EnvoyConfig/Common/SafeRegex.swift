import CRE2
import Glibc

/// A compiled RE2 pattern (Envoy's `safe_regex`): linear time on any text, immutable, shared by all workers.
///
/// `@unchecked` is sound: the only stored state is a pointer to an RE2 object, which RE2 documents as safe for concurrent
/// matching, and which is freed once, in `deinit`.
package final class SafeRegex: @unchecked Sendable {
  /// Why RE2 refused a pattern, in RE2's own words.
  package struct CompileError: Error, Equatable {
    package let text: String
  }

  package let pattern: String
  private let regex: OpaquePointer

  package init(_ pattern: String) throws(CompileError) {
    guard let regex = withCharacters(of: pattern, cre2_new) else { throw CompileError(text: "out of memory") }
    if let error = cre2_error(regex) {
      let text = String(cString: error)
      cre2_free(regex)
      throw CompileError(text: text)
    }
    self.pattern = pattern
    self.regex = regex
  }

  deinit { cre2_free(regex) }

  /// RE2's program size, the measure of `re2.max_program_size.error_level`.
  package var programSize: Int { Int(cre2_program_size(regex)) }

  /// Whether the whole of `text` matches.
  package func fullMatch(_ text: UnsafeRawBufferPointer) -> Bool {
    withCharacters(of: text) { cre2_full_match(regex, $0, $1) }
  }

  /// Whether some part of `text` matches.
  package func partialMatch(_ text: UnsafeRawBufferPointer) -> Bool {
    withCharacters(of: text) { cre2_partial_match(regex, $0, $1) }
  }

  /// `text` with every match replaced; `\0` to `\9` in `substitution` stand for the groups.
  package func replaceAll(_ text: UnsafeRawBufferPointer, with substitution: String) -> [UInt8] {
    withCharacters(of: substitution) { replacement, replacementCount in
      withCharacters(of: text) { start, count in
        var length = 0
        guard let result = cre2_replace_all(regex, start, count, replacement, replacementCount, &length) else {
          return Array(text)
        }
        defer { free(result) }
        return Array(UnsafeRawBufferPointer(start: result, count: length))
      }
    }
  }

  /// Whether `substitution` names only groups that the pattern has.
  package func accepts(substitution: String) -> Bool {
    withCharacters(of: substitution) { cre2_check_substitution(regex, $0, $1) }
  }
}

/// An empty buffer may have no address; RE2 gets one all the same.
private func withCharacters<Result>(
  of text: UnsafeRawBufferPointer, _ body: (UnsafePointer<CChar>, Int) -> Result
) -> Result {
  text.withMemoryRebound(to: CChar.self) { characters in
    guard let start = characters.baseAddress else { return withUnsafePointer(to: CChar(0)) { body($0, 0) } }
    return body(start, characters.count)
  }
}

private func withCharacters<Result>(of text: String, _ body: (UnsafePointer<CChar>, Int) -> Result) -> Result {
  var text = text
  return text.withUTF8 { withCharacters(of: UnsafeRawBufferPointer($0), body) }
}
