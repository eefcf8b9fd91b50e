import Testing

@testable import Telemetry

/// Every expectation was printed by Envoy 1.40.0.
@Suite struct SubstitutionJSONFormatTests {
  var values: SampleValues {
    var values = SampleValues()
    values.requestHeaders = [
      "x-a": Array("aval".utf8), "x-bin": [0xff, 0xe9, 0x61, 0x22, 0x5c, 0xc3, 0xa9, 0x7e, 0x09, 0x62],
      "x-b": Array("a\"b\\\tc/<".utf8), "x-d": Array("é😀".utf8),
    ]
    values.numbers = [.responseCode: 200]
    values.timePoints = [.downstreamReceiveBegin: 0, .streamEnd: 1_000_000]
    return values
  }

  let format = SubstitutionJSON.object([
    ("z", .string("lit")),
    (
      "b",
      .object([
        ("y", .string("%REQ(x-a)%")),
        (
          "a",
          .array([
            .string("%RESPONSE_CODE%"), .number(1), .number(1.5), .bool(true), .null, .string("x%RESPONSE_CODE%y"),
            .object([("n", .string("%REQ(none)%"))]),
          ])
        ),
      ])
    ),
    ("m", .string("a%REQ(none)%b")), ("n", .string("%REQ(none)%")), ("A", .string("%RESPONSE_CODE%%DURATION%")),
    ("e", .string("")), ("esc", .string("q\"\\é\n\t/<>%REQ(x-bin)%")), ("num", .number(12_345_678)),
    ("big", .number(1e20)), ("neg", .number(-3)), ("f", .number(0.1)), ("pc", .string("100%%")),
    ("t", .string("%RESPONSE_CODE% ")), ("ln", .string("%REQ(x-a):2%")), ("obj", .object([])), ("arr", .array([])),
    ("allnone", .object([("k", .string("%REQ(none)%"))])), ("arrnone", .array([.string("%REQ(none)%")])),
    ("flag", .string("%RESPONSE_FLAGS%")),
  ])

  @Test func absentIsNull() throws {
    let line = try values.json(format)
    #expect(
      line == """
        {"A":"2001","allnone":{"k":null},"arr":[],"arrnone":[null],"b":{"a":[200,1,1.5,true,null,"x200y",{"n":null}],\
        "y":"aval"},"big":1e+20,"e":"","esc":"q\\"\\\\é\\n\\t/<>\\u00ff\\u00e9a\\u0022\\u005c\\u00c3\\u00a9~\\u0009b",\
        "f":0.1,"flag":"-","ln":"av","m":"a-b","n":null,"neg":-3,"num":12345678,"obj":{},"pc":"100%","t":"200 ",\
        "z":"lit"}

        """)
  }

  @Test func absentIsOmitted() throws {
    let line = try values.json(format, omitEmptyValues: true)
    #expect(line.contains("\"b\":{\"a\":[200,1,1.5,true,\"x200y\"],\"y\":\"aval\"}"))
    #expect(line.contains("\"arr\":[],\"arrnone\":[]"))
    #expect(!line.contains("allnone") && !line.contains("\"obj\"") && !line.contains("\"n\""))
    #expect(line.contains("\"m\":\"ab\""))
    #expect(try values.json(.object([("k", .string("%REQ(none)%"))]), omitEmptyValues: true) == "{}\n")
  }

  @Test func validTextIsEscapedAsLittleAsPossible() throws {
    let line = try values.json(
      .object([("w", .string("%REQ(x-b)%")), ("d", .string("%REQ(x-d)%")), ("k\"ey", .string("<%REQ(x-b)%>"))]))
    #expect(line == "{\"d\":\"é😀\",\"k\\\"ey\":\"<a\\\"b\\\\\\tc/<>\",\"w\":\"a\\\"b\\\\\\tc/<\"}\n")
  }

  @Test func errorsComeThrough() {
    let expected = SubstitutionFormatError(message: "Not supported field in StreamInfo: FOO", position: 1)
    #expect(throws: expected) { try SubstitutionJSONFormat(.object([("a", .array([.string("x%FOO%")]))])) }
  }
}
