import Glibc
import Testing

@testable import Telemetry

/// Every expectation was printed by Envoy 1.40.0.
@Suite struct SubstitutionFormatTests {
  var values: SampleValues {
    var values = SampleValues()
    values.requestHeaders = [
      "x-a": Array("aval".utf8), "x-n": [], ":path": Array("/x?q=1%202&r=b".utf8), ":method": Array("GET".utf8),
      ":authority": Array("127.0.0.1:19100".utf8),
    ]
    values.responseHeaders = ["x-up": Array("upval".utf8)]
    values.numbers = [.responseCode: 200, .bytesSent: 5, .bytesReceived: 0]
    values.texts = [
      .protocol: "HTTP/1.1", .responseCodeDetails: "a b c", .upstreamHost: "127.0.0.1:19101",
      .upstreamTransportFailureReason: "delayed connect error: Connection refused", .localReplyBody: "",
    ]
    values.timePoints = [.downstreamReceiveBegin: 1_000_000, .streamEnd: 2_115_000, .upstreamReceiveBegin: 2_115_000]
    return values
  }

  @Test(arguments: [
    ("plain", "plain"), ("100%%", "100%"), ("%REQ(x-a)%|%REQ(X-A):2%|%REQ(x-a):0%", "aval|av|"),
    ("%REQ(x-n?x-a)%", ""), ("%REQ(x-none?x-a)%", "aval"), ("%REQ(x-none)%", "-"), ("%RESP(x-up)%", "upval"),
    ("%TRAILER(x)%", "-"), ("%RESPONSE_CODE% %BYTES_SENT% %BYTES_RECEIVED%", "200 5 0"), ("%PROTOCOL()%", "HTTP/1.1"),
    ("%RESPONSE_CODE_DETAILS%", "a_b_c"), ("%RESPONSE_CODE_DETAILS(ALLOW_WHITESPACES)%", "a b c"),
    ("%RESPONSE_FLAGS%%RESPONSE_FLAGS_LONG%", "--"), ("%LOCAL_REPLY_BODY%", ""),
    ("%UPSTREAM_TRANSPORT_FAILURE_REASON%", "delayed_connect_error:_Connection_refused"), ("%DURATION%", "1"),
    ("%RESPONSE_DURATION%|%REQUEST_DURATION%", "1|-"), ("%COMMON_DURATION(DS_RX_BEG:US_RX_BEG:us)%", "1115"),
    ("%COMMON_DURATION(A:B:ns)%", "-"), ("%UPSTREAM_HOST%|%UPSTREAM_CLUSTER%", "127.0.0.1:19101|-"),
    ("%PATH%|%PATH(NQ)%|%PATH(NQ:ORIG)%|%PATH(WQ:PATH)%", "/x?q=1%202&r=b|/x|-|/x?q=1%202&r=b"),
    ("%QUERY_PARAM(q)%|%QUERY_PARAM(r)%|%QUERY_PARAM(none)%", "1 2|b|-"), ("%QUERY_PARAMS%", "q=1%202&r=b"),
    ("%GRPC_STATUS%|%GRPC_STATUS_NUMBER%", "-|-"), ("%ENVIRONMENT(NO_SUCH_VARIABLE)%", "-"),
    ("%DYNAMIC_METADATA(a:b):5%|%FILTER_STATE(a)%|%DOWNSTREAM_TLS_VERSION%", "-|-|-"),
    ("%REQUESTED_SERVER_NAME%|%REQUESTED_SERVER_NAME(HOST_FIRST)%", "-|127.0.0.1:19100"),
    ("%START_TIME%|%EMIT_TIME%", "2026-11-21T02:42:28.407Z|2026-11-21T02:42:28.409Z"),
  ])
  func operatorsPrint(format: String, expected: String) throws {
    #expect(try values.text(format) == expected)
  }

  @Test func defaultLine() throws {
    var values = values
    values.requestHeaders["x-request-id"] = Array("id".utf8)
    values.texts[.responseFlags] = "UF,URX"
    #expect(
      try values.text(SubstitutionFormat.defaultAccessLog)
        == "[2026-11-21T02:42:28.407Z] \"GET /x?q=1%202&r=b HTTP/1.1\" 200 UF,URX 0 5 1 - \"-\" \"-\" \"id\" "
        + "\"127.0.0.1:19100\" \"127.0.0.1:19101\"\n")
  }

  @Test func emptyValuesAreOmitted() throws {
    #expect(try values.text("a%REQ(none)%b%RESPONSE_FLAGS%", omitEmptyValues: true) == "ab-")
  }

  @Test(arguments: [
    ("%FOO%", "Not supported field in StreamInfo: FOO", 0),
    ("abc %FOO% def", "Not supported field in StreamInfo: FOO", 4),
    ("%REQ(a)", "Incorrect configuration: %REQ(a). Couldn't find valid command at position 0", 0),
    ("%REQ(a):x%", "Incorrect configuration: %REQ(a):x%. Couldn't find valid command at position 0", 0),
    ("%REQ(a):5%%", "Incorrect configuration: %REQ(a):5%%. Couldn't find valid command at position 10", 10),
    ("a%b", "Incorrect configuration: a%b. Couldn't find valid command at position 1", 1),
    ("%", "Incorrect configuration: %. Couldn't find valid command at position 0", 0),
    ("%req(a)%", "Incorrect configuration: %req(a)%. Couldn't find valid command at position 0", 0),
    ("%REQ%", "REQ requires parameters", 0), ("%REQ()%", "REQ requires parameters", 0),
    ("%REQ(a?b?c)%", "More than 1 alternative header specified in token: a?b?c", 0),
    ("%REQ(a b)%", "Invalid header configuration. Format string contains invalid characters.", 0),
    ("%PROTOCOL:5%", "PROTOCOL does not take any parameters or length", 0),
    ("%RESPONSE_CODE:2%", "RESPONSE_CODE does not take any parameters or length", 0),
    ("%START_TIME(%Y):3%", "START_TIME does not allow length to be specified.", 0),
    ("%START_TIME(a%nb)%", "Invalid header configuration. Format string contains newline.", 0),
    ("%COMMON_DURATION(A:B:xs)%", "Invalid common duration precision: xs.", 0),
    ("%COMMON_DURATION(A)%", "Invalid common duration configuration: A.", 0),
    ("%PATH(XX)%", "Invalid PATH option: 'XX', only 'WQ'/'NQ' are allowed", 0),
    ("%PATH(WQ:X)%", "Invalid PATH option: 'X', only 'ORIG'/'PATH'/'ORIG_OR_PATH' are allowed", 0),
    ("%GRPC_STATUS(X)%", "GrpcStatusFormatter only supports CAMEL_STRING, SNAKE_STRING or NUMBER. Got: X", 0),
    ("%FILTER_STATE(a:X)%", "Invalid filter state serialize type, only support PLAIN/TYPED/FIELD.", 0),
    (
      "%FILTER_STATE(a:FIELD)%",
      "Invalid filter state serialize type, FIELD should be used with the field name.", 0
    ),
    (
      "%FILTER_STATE(a:PLAIN:x)%",
      "Invalid filter state serialize type, FIELD should be used with the field name.", 0
    ),
    ("%QUERY_PARAMS(RAW)%", "Invalid QUERY_PARAMS option: 'RAW', only 'ORIG'/'DECODED' are allowed", 0),
    ("%CEL(request.path)%", "%CEL% is an operator of Envoy's that Pillion does not support yet", 0),
  ])
  func refusals(format: String, message: String, position: Int) {
    let expected = SubstitutionFormatError(message: message, position: position)
    #expect(throws: expected) { try SubstitutionFormat(format) }
  }

  @Test func grpcStatusComesFromTrailersHeadersOrCode() throws {
    var values = values
    values.requestHeaders["content-type"] = Array("application/grpc+proto".utf8)
    let format = "%GRPC_STATUS% %GRPC_STATUS(SNAKE_STRING)% %GRPC_STATUS(NUMBER)%"
    #expect(try values.text(format) == "Unknown UNKNOWN 2")
    values.numbers[.responseCode] = 503
    #expect(try values.text(format) == "Unavailable UNAVAILABLE 14")
    values.responseHeaders["grpc-status"] = Array("5".utf8)
    #expect(try values.text(format) == "NotFound NOT_FOUND 5")
    values.trailers["grpc-status"] = Array("99".utf8)
    #expect(try values.text(format) == "99 99 99")
    values.requestHeaders["content-type"] = Array("application/grpcx".utf8)
    #expect(try values.text(format) == "- - -")
  }

  @Test func randomFormatsNeverTrap() throws {
    var generator = SystemRandomNumberGenerator()
    let alphabet = Array("%%%()(:REQSTART_TIMEx?0123YHMSfEsz*-\n".utf8)
    for _ in 0..<2000 {
      let length = Int.random(in: 0..<40, using: &generator)
      let format = String(
        decoding: (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] },
        as: UTF8.self)
      _ = try? values.text(format)
      var output = TextBuffer()
      TimeFormat(format).append(values.wall, to: &output)
    }
  }
}

@Suite struct TimeFormatTests {
  static func print(_ format: String, _ nanoseconds: Int64) -> String {
    var output = TextBuffer()
    TimeFormat(format).append(nanoseconds, to: &output)
    return String(decoding: output.copy(from: 0), as: UTF8.self)
  }

  @Test(arguments: [
    ("%Y/%m/%dT%H:%M:%S%z_%s", "2026/11/21T02:42:28+0000_1795228948"), ("%s.%3f", "1795228948.407"),
    ("%f_%6f_%9f_%1f", "407949000_407949_407949000_4"), ("%3s_%E3S_%E*S", "1795228948_28.407_28.407949"),
    ("%c %x %X", "Sat Nov 21 02:42:28 2026 11/21/26 02:42:28"), ("%j %e %U %u %p %I %y", "325 21 46 6 AM 02 26"),
    ("%Z %Ez %E0S %E4Y %E3f %%", "UTC +00:00 28 2026 407 %"), ("100", "100"), ("%", "%"),
  ])
  func customFormats(format: String, expected: String) {
    #expect(Self.print(format, 1_795_228_948_407_949_000) == expected)
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000_000_000, "2000-02-29T00:00:00.000Z"),
      (4_107_542_399_999_999_999, "2100-02-28T23:59:59.999Z"), (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000Z"),
      (-1, "1969-12-31T23:59:59.999Z"),
    ] as [(Int64, String)])
  func defaultFormat(nanoseconds: Int64, expected: String) {
    #expect(Self.print("", nanoseconds) == expected)
    #expect(Self.print("%Y-%m-%dT%H:%M:%E3SZ", nanoseconds) == expected)
  }
}
