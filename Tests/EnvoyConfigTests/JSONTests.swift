import EnvoyConfig
import Testing

@Suite struct JSONTests {
  /// What is not JSON is refused at its place, by one error.
  @Test(arguments: [
    ("", "1:1: the text is empty"), ("  ", "1:3: the text is empty"),
    ("{", "1:2: the text ends too early"), ("{}\n x", "2:2: unexpected 'x'"),
    ("{\"node\":{},}", "1:11: nothing follows the comma"), ("{node:{}}", "1:2: unexpected 'n'"),
    ("{'node':{}}", "1:2: unexpected '''"), ("{/**/}", "1:2: unexpected '/'"), ("{\"a\" 1}", "1:6: unexpected '1'"),
    ("{\"a\":01}", "1:7: unexpected '1'"), ("{\"a\":+1}", "1:6: unexpected '+'"), ("{\"a\":.5}", "1:6: unexpected '.'"),
    ("{\"a\":5.}", "1:8: unexpected '}'"), ("{\"a\":1e}", "1:8: unexpected '}'"), ("{\"a\":-}", "1:7: unexpected '}'"),
    ("{\"a\":1e999}", "1:6: the number is out of range"), ("{\"a\":NaN}", "1:6: unexpected 'N'"),
    ("{\"a\":tru}", "1:6: unexpected 't'"), ("{\"a\":[1 2]}", "1:9: unexpected '2'"),
    ("{\"a\":\"x", "1:8: the text ends too early"), ("{\"a\":\"\u{1}\"}", "1:7: control character 1 in a string"),
    ("{\"a\":\"é\n\"}", "1:8: control character 10 in a string"),
    ("{\"a\":\"\\x\"}", "1:7: unknown escape"), ("{\"a\":\"\\u12\"}", "1:7: unfinished escape"),
    ("{\"a\":\"\\ud800\"}", "1:7: half of a surrogate pair"), ("{\"a\":\"\\udc00\"}", "1:7: half of a surrogate pair"),
    ("{\"a\":\"\\ud800\\u0041\"}", "1:7: half of a surrogate pair"), ("[]", "1:1: is a list"), ("5", "1:1: is 5"),
  ])
  func refuses(text: String, error: String) {
    let found = errors(of: text, isYAML: false)
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix("t.json:" + error) == true, "\(found)")
  }

  @Test(arguments: [
    [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0xf0, 0x80, 0x80, 0x80],
  ])
  func refusesBrokenUTF8(bytes: [UInt8]) {
    let text = Array("{\"node\":{\"id\":\"é".utf8) + bytes + Array("\"}}".utf8)
    #expect(errors(of: text, isYAML: false) == ["t.json:1:17: the text is not valid UTF-8"])
  }

  @Test func refusesDeepNesting() {
    let text = "{\"node\":{\"metadata\":{\"a\":" + String(repeating: "[", count: 5000) + "}}}"
    #expect(errors(of: text, isYAML: false).first?.contains("values nest too deep") == true)
  }

  @Test func readsEveryEscape() throws {
    let text = #"{"node":{"id":"\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00é"}}"#
    let bootstrap = try loadBootstrap(text: Array(text.utf8), file: "t", isYAML: false).get()
    #expect(bootstrap.node.id == "\"\\/\u{8}\u{c}\n\r\tAé€😀é")
  }

  @Test func columnsCountCharactersAndLinesCountNewlines() {
    #expect(
      errors(of: "{\r\n \"node\":\n{\"id\": \"ééé\", \"clster\": 1}}", isYAML: false)
        == ["t.json:3:15: node.clster: unknown field of envoy.config.core.v3.Node; did you mean cluster?"])
  }

  @Test func aNameTwiceIsRefusedEverywhere() {
    let long = (0..<30).map { "\"k\($0)\":1" }.joined(separator: ",")
    #expect(
      errors(of: "{\"node\":{},\"node\":{\"metadata\":{\(long),\"k7\":2}}}", isYAML: false) == [
        "t.json:1:12: node: is given twice, already at t.json:1:2; give it once",
        "t.json:1:262: node.metadata.k7: is given twice, already at t.json:1:81; give it once",
      ])
  }
}
