import EnvoyConfig
import Testing

@Suite struct YAMLTests {
  @Test(arguments: [
    ("", "1:1: the text is empty"), ("# nothing\n", "1:1: the text is empty"), ("hello", "1:1: is \"hello\""),
    ("- a", "1:1: is a list"), ("a: [", "2:1:"), ("a:\n\tb: 1", "2:1:"),
    ("node: {}\n---\nnode: {}", "2:1: a second YAML document"),
    ("? [a]\n: b", "1:3: a list or an object as a key"), ("node: *x", "1:7: no anchor &x stands before this"),
    ("node: &x {metadata: {a: *x}}", "1:25: &x contains itself"),
    ("node: {id: a}\nnode: {id: b}", "2:1: node: is given twice, already at t.yaml:1:1"),
    ("node: {<<: {id: a}}", "1:8: node.\"<<\": unknown field"),
  ])
  func refuses(text: String, error: String) {
    let found = errors(of: text)
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix("t.yaml:" + error) == true, "\(found)")
  }

  @Test func tellsWhereBrokenUTF8Stands() {
    let text = Array("node:\n  id: é".utf8) + [0xff]
    #expect(errors(of: text, isYAML: true).first?.hasPrefix("t.yaml:2:8: the text is not valid UTF-8") == true)
  }

  /// Scalars by Envoy's rules: each is read as a string, a whole number or a boolean as Envoy would.
  @Test(arguments: [
    ("5", true), ("'5'", true), ("0x10", true), ("010", true), ("08", true), ("+5", true), ("5.0", true), ("1e3", true),
    ("!!int '5'", true), ("0o10", false), ("1_000", false), ("5.5", false), ("x", false), ("yes", false), ("", true),
    ("99999999999", false), ("'0x10'", false), ("-0", true),
  ])
  func wholeNumbers(scalar: String, isAccepted: Bool) {
    let text = "static_resources: {clusters: [{name: a, per_connection_buffer_limit_bytes: \(scalar) }]}"
    #expect(errors(of: text).isEmpty == isAccepted, "\(errors(of: text))")
  }

  @Test func hexadecimalAndOctal() throws {
    let text = """
      static_resources:
        clusters:
        - {name: a, per_connection_buffer_limit_bytes: 0x10}
        - {name: b, per_connection_buffer_limit_bytes: 010}
        - {name: c, per_connection_buffer_limit_bytes: 4294967295}
      """
    let limits = try bootstrap(yaml: text).staticResources.clusters.map(\.perConnectionBufferLimitBytes)
    #expect(limits == [16, 8, 4_294_967_295])
  }

  @Test(arguments: ["on", "y", "True", "TRUE", "tRue", "yes", "\"true\"", "!!bool yes"])
  func trueInManyWords(scalar: String) throws {
    let text = "static_resources: {clusters: [{name: a, outlier_detection: {always_eject_one_host: \(scalar)}}]}"
    #expect(try bootstrap(yaml: text).staticResources.clusters.first?.outlierDetection?.alwaysEjectOneHost == true)
  }

  @Test(arguments: [
    ("a", "a"), ("'5'", "5"), ("1.5", "1.5"), ("\"true\"", "true"), ("!foo x", "x"), ("|\n    a\n    b\n", "a\nb\n"),
    (">-\n    a\n    b\n", "a b"), ("\"\\u00e9\"", "é"),
  ])
  func strings(scalar: String, value: String) throws {
    #expect(try bootstrap(yaml: "node:\n  id: \(scalar)").node.id == value)
  }

  @Test(arguments: ["5", "true", "yes", "0x10"])
  func noStringsWithoutQuotes(scalar: String) {
    #expect(errors(of: "node: {id: \(scalar)}").first?.hasSuffix("a string is allowed, in quotes") == true)
  }

  @Test func aliasesKeepThePlaceOfWhatTheyStandFor() throws {
    let text = """
      static_resources:
        clusters:
        - {name: a, connect_timeout: &t 3s, circuit_breakers: &c {thresholds: [{max_retries: 9}]}}
        - {name: b, connect_timeout: *t, circuit_breakers: *c}
      """
    let clusters = try bootstrap(yaml: text).staticResources.clusters
    #expect(clusters.map(\.connectTimeout) == [.seconds(3), .seconds(3)])
    #expect(clusters.map(\.circuitBreakers.origin.line) == [3, 3])
    #expect(clusters.map { $0.circuitBreakers.thresholds(for: .default).maxRetries } == [9, 9])
  }

  /// "Billion laughs": nine aliases of nine aliases and so on, 9^9 values.
  @Test func aliasesAreBounded() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let previous = repeatElement("*a\(level - 1)", count: 9).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(previous)]\n"
    }
    #expect(errors(of: text).first?.contains("too many values") == true)
    var deep = "a0: &a0 [x]\n"
    for level in 1...200 { deep += "a\(level): &a\(level) [*a\(level - 1)]\n" }
    #expect(errors(of: deep).first?.contains("values nest too deep") == true)
  }
}
