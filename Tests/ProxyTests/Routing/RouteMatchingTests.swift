import EnvoyConfig
import HTTP
import Reactor
import Telemetry
import Testing

@testable import Proxy

/// What the real Envoy 1.40.0 chose.
@Suite struct VirtualHostTests {
  private static let domains: [(String, [String])] = [
    ("exact", ["foo.bar.com", "foo.bar.com:90"]), ("s1", ["*.bar.com"]), ("s2", ["*-x.Bar.com"]), ("p1", ["foo.*"]),
    ("p2", ["foo.bar.*"]), ("all", ["*"]),
  ]

  @Test(arguments: [
    ("FOO.bar.com", "exact", "exact"), ("foo.bar.com:90", "exact", "exact"), ("foo.bar.com:91", "p2", "exact"),
    ("a-x.bar.com", "s2", "s2"), ("-x.bar.com", "s1", "s1"), (".bar.com", "all", "all"), ("bar.com", "all", "all"),
    ("a.bar.com:1", "all", "s1"), ("foo.bar.org", "p2", "p2"), ("foo.", "all", "all"), ("foo.a:80", "p1", "p1"),
    ("foo.bar.", "p1", "p1"), ("zzz", "all", "all"), ("[::1]:80", "all", "all"), ("foo.bar.com:", "p2", "exact"),
    ("a.b-x.bar.com", "s2", "s2"), ("", "all", "all"),
  ])
  func search(_ host: String, _ expected: String, _ withoutPort: String) throws {
    let hosts = Self.domains.map { virtualHost($0, $1, [answering($0, .prefix("/"))]) }
    #expect(try table(hosts).nameOfRoute("/", host: host) == expected)
    let ignoring = try table(hosts) { $0.ignorePortInHostMatching = true }
    #expect(ignoring.nameOfRoute("/", host: host) == withoutPort)
  }

  @Test func noVirtualHostNoRoute() throws {
    let table = try table([virtualHost("v", ["a.x"], [answering("a", .prefix("/"))])])
    #expect(table.nameOfRoute("/", host: "a.x") == "a")
    #expect(table.nameOfRoute("/", host: "b.x") == nil)
    #expect(try Proxy.RouteTable(.init(), cluster: { _ in nil }).nameOfRoute("/") == nil)
  }

  @Test func requireTLS() throws {
    for (requirement, scheme, isInternal, redirected) in [
      (ConfigVirtualHost.TlsRequirementType.none, "http", false, false), (.all, "http", true, true),
      (.all, "https", false, false), (.externalOnly, "http", false, true), (.externalOnly, "http", true, false),
      (.externalOnly, "https", false, false), (.all, "HTTPS", false, true),
    ] {
      var host = virtualHost("v", ["*"], [answering("r", .prefix("/"))])
      host.requireTls = requirement
      var level = EnvoyConfig.HeaderMutations()
      level.responseHeadersToAdd = [option("x-v", "v")]
      host.headers = level
      let headers: HeaderMap = [":authority": "h.x:80", ":path": "/any?x=1", ":scheme": scheme]
      let route = try table([host]).lookUp(headers, isInternal: isInternal)
      #expect(route?.isDirectResponse == true)
      #expect((route?.name.count == 0) == redirected)
      if redirected {
        #expect(route?.location(headers) == "https://h.x:80/any?x=1")
        #expect(route?.directResponseStatus == 301)
        #expect(route?.responseHeaders.isEmpty == true)
      }
    }
  }
}

@Suite struct RouteMatchTests {
  @Test func pathsAsInEnvoy() throws {
    let insensitive: (inout EnvoyConfig.RouteMatch) -> Void = { $0.caseSensitive = false }
    let table = try table([
      answering("ci-exact", .path("/Exact"), change: insensitive),
      answering("ci-prefix", .prefix("/Pre"), change: insensitive),
      answering("ci-sep", .pathSeparatedPrefix("/Sep"), change: insensitive),
      answering("regex", .safeRegex(try SafeRegex("/re[a-z]+")), change: insensitive),
      answering("sep", .pathSeparatedPrefix("/api/v1")), answering("path", .path("/p")),
      answering("pre", .prefix("/pre/")),
    ])
    for (path, expected) in [
      ("/EXACT", "ci-exact"), ("/exact?q", "ci-exact"), ("/exact/", nil), ("/pRE123", "ci-prefix"),
      ("/sep", "ci-sep"), ("/SEP/a", "ci-sep"), ("/sepa", nil), ("/SEP?x", "ci-sep"), ("/reABC", nil),
      ("/reabc", "regex"), ("/reabc?x", "regex"), ("/xreabc", nil), ("/api/v1", "sep"), ("/api/v1/", "sep"),
      ("/api/v1?x", "sep"), ("/api/v12", nil), ("/p", "path"), ("/p?", "path"), ("/p/", nil), ("/pre/", "ci-prefix"),
      ("", nil), ("?", nil),
    ] as [(String, String?)] {
      #expect(table.nameOfRoute(path) == expected, "\(path)")
    }
  }

  @Test func pathParametersMayBeIgnored() throws {
    let routes = [
      answering("params", .path("/params")), answering("pp", .prefix("/pp/x")),
      answering("rp", .safeRegex(try SafeRegex("/rp[a-z]+"))), answering("sp", .pathSeparatedPrefix("/sp")),
    ]
    let hosts = [virtualHost("v", ["*"], routes)]
    let ignoring = try table(hosts) { $0.ignorePathParametersInPathMatching = true }
    for (path, expected) in [
      ("/params;a=b", "params"), ("/params;a?q", "params"), ("/pp;a/x", "pp"), ("/pp;v=1/x;b", "pp"),
      ("/rpabc;x", "rp"), ("/sp;x", "sp"), ("/sp;x/y", "sp"), ("/sp?a;b", "sp"),
    ] {
      #expect(ignoring.nameOfRoute(path) == expected, "\(path)")
    }
    #expect(try table(hosts).nameOfRoute("/params;a=b") == nil)
  }

  @Test func noPathNoRoute() throws {
    let table = try table([answering("r", .prefix(""))])
    #expect(table.lookUp([":authority": "h.x"]) == nil)
  }

  @Test func connectHasRoutesOfItsOwn() throws {
    let table = try table([answering("path", .prefix("/")), answering("connect", .connectMatcher)])
    #expect(table.nameOfRoute("/") == "path")
    #expect(table.lookUp([":method": "CONNECT", ":authority": "h.x:443"])?.name.view.string == "connect")
  }

  private func matched(
    _ matcher: EnvoyConfig.HeaderMatcher, _ more: KeyValuePairs<String, String>
  ) throws -> Bool {
    let table = try table([answering("yes", .prefix("/")) { $0.headers = [matcher] }])
    return table.nameOfRoute("/", more) == "yes"
  }

  /// absent, there, and empty, as the real Envoy answered.
  @Test func presence() throws {
    for (present, invert, missingIsEmpty, absent, there) in [
      (true, false, false, false, true), (true, false, true, true, true), (true, true, false, true, false),
      (true, true, true, false, false), (false, false, false, true, false), (false, false, true, false, false),
      (false, true, false, false, true), (false, true, true, true, true),
    ] {
      var matcher = EnvoyConfig.HeaderMatcher()
      matcher.name = "X-A"
      matcher.specifier = .present(present)
      matcher.invertMatch = invert
      matcher.treatMissingHeaderAsEmpty = missingIsEmpty
      #expect(try matched(matcher, [:]) == absent)
      #expect(try matched(matcher, ["x-a": "v"]) == there)
      #expect(try matched(matcher, ["x-a": ""]) == there)
    }
  }

  @Test func strings() throws {
    let cases: [(EnvoyConfig.StringMatcher, [String], [String])] = [
      (.init(.exact("Abc")), ["Abc"], ["abc", "Abcd", "Ab", ""]),
      (.init(.exact("Abc"), ignoreCase: true), ["aBC"], ["aBCd"]),
      (.init(.prefix("Ab")), ["Ab", "Abc"], ["ab", "A", "xAb"]),
      (.init(.prefix("Ab"), ignoreCase: true), ["aB", "ABc"], ["b"]),
      (.init(.suffix("bC")), ["bC", "abC"], ["abc", "C"]),
      (.init(.suffix("bC"), ignoreCase: true), ["ABC"], ["c"]),
      (.init(.contains("b")), ["b", "abc"], ["B", ""]),
      (.init(.contains("BC"), ignoreCase: true), ["abcd", "bc"], ["b"]),
      (.init(.safeRegex(try SafeRegex("a.c"))), ["abc"], ["abcd", "xabc"]),
    ]
    for (string, yes, no) in cases {
      var matcher = EnvoyConfig.HeaderMatcher()
      matcher.name = "x-a"
      matcher.specifier = .string(string)
      for value in yes { #expect(try matched(matcher, ["x-a": value])) }
      for value in no { #expect(try !matched(matcher, ["x-a": value])) }
      #expect(try !matched(matcher, [:]))
      matcher.invertMatch = true
      for value in yes { #expect(try !matched(matcher, ["x-a": value])) }
      for value in no { #expect(try matched(matcher, ["x-a": value])) }
      #expect(try !matched(matcher, [:]))
      matcher.treatMissingHeaderAsEmpty = true
      #expect(try matched(matcher, [:]))
    }
  }

  @Test func repeatedHeadersMatchByAnyValue() throws {
    var matcher = EnvoyConfig.HeaderMatcher()
    matcher.name = "x-a"
    let repeated: KeyValuePairs = ["x-a": "1", "x-b": "", "x-a": "2", "x-a": "3"]
    matcher.specifier = .string(.init(.exact("1,2,3")))
    #expect(try !matched(matcher, repeated))
    matcher.specifier = .string(.init(.exact("2")))
    #expect(try matched(matcher, repeated))
    matcher.invertMatch = true
    #expect(try !matched(matcher, repeated))
    #expect(try matched(matcher, ["x-a": "1", "x-a": "3"]))
  }

  @Test func ranges() throws {
    var matcher = EnvoyConfig.HeaderMatcher()
    matcher.name = "x-a"
    var range = EnvoyConfig.Int64Range()
    range.start = -2
    range.end = 5
    matcher.specifier = .range(range)
    for value in ["-2", "4", "+3", " 4", "0", "-0", "004"] { #expect(try matched(matcher, ["x-a": value]), "\(value)") }
    for value in ["-3", "5", "1.5", "", "x", "+", "-", "99999999999999999999", "1 2", "0x1"] {
      #expect(try !matched(matcher, ["x-a": value]), "\(value)")
    }
  }

  @Test func theHostIsTheAuthority() throws {
    var matcher = EnvoyConfig.HeaderMatcher()
    matcher.name = "Host"
    matcher.specifier = .string(.init(.exact("h.x")))
    #expect(try matched(matcher, [:]))
  }

  @Test func queryParameters() throws {
    func answer(_ specifier: EnvoyConfig.QueryParameterMatcher.Specifier, _ path: String) throws -> Bool {
      var matcher = EnvoyConfig.QueryParameterMatcher()
      matcher.name = "k"
      matcher.specifier = specifier
      let table = try table([answering("yes", .prefix("/")) { $0.queryParameters = [matcher] }])
      return table.nameOfRoute(path) == "yes"
    }
    for (path, there) in [
      ("/", false), ("/?a=1", false), ("/?k=1", true), ("/?k", true), ("/?a&&k&b", true), ("/?kk=1", false),
    ] {
      #expect(try answer(.present(true), path) == there)
      #expect(try answer(.present(false), path) == !there)
    }
    let empty = EnvoyConfig.QueryParameterMatcher.Specifier.string(.init(.exact("")))
    for (path, yes) in [("/?k", true), ("/?k=", true), ("/?k=&k=1", true), ("/?k=1&k=", false), ("/", false)] {
      #expect(try answer(empty, path) == yes)
    }
    #expect(try answer(.string(.init(.exact("a%20=b"))), "/x?j=1&k=a%20=b&k=c"))
  }

  @Test func aFractionOfTheRequests() throws {
    var fraction = EnvoyConfig.RuntimeFractionalPercent()
    fraction.defaultValue = FractionalPercent(numerator: 25, denominator: .tenThousand)
    let table = try table([
      answering("some", .prefix("/")) { $0.runtimeFraction = fraction }, answering("rest", .prefix("/")),
    ])
    let headers: HeaderMap = [":authority": "h", ":path": "/"]
    for value: UInt64 in [0, 24, 10_000, 30_024] {
      #expect(table.lookUp(headers, randomValue: value)?.name.view.string == "some")
    }
    for value: UInt64 in [25, 9999, 10_025] {
      #expect(table.lookUp(headers, randomValue: value)?.name.view.string == "rest")
    }
  }
}

@Suite struct RouteIndexTests {
  /// Paths and routes over a tiny alphabet, so that much overlaps: the index must find what walking finds
  /// (`route` compares them), and what a comparison written for the test finds.
  @Test func findsWhatWalkingFinds() throws {
    var random = RandomGenerator(seed: 2026)
    func path() -> String {
      "/" + (0..<random.below(7)).map { _ in ["a", "b", "/", "A"][random.below(4)] }.joined()
    }
    for _ in 0..<60 {
      let routes = try (0..<(RouteIndex.minimumRoutes + random.below(60))).map { number in
        let text = path()
        let specifier: EnvoyConfig.RouteMatch.PathSpecifier =
          switch random.below(8) {
          case 0, 1, 2: .path(text)
          case 3, 4: .prefix(random.below(20) == 0 ? "" : text)
          case 5, 6: .pathSeparatedPrefix(text.last == "/" ? "/a" : text)
          default: .safeRegex(try SafeRegex(text + "[ab]*"))
          }
        return answering("\(number)", specifier) {
          $0.caseSensitive = random.below(5) > 0
          if random.below(3) == 0 {
            var matcher = EnvoyConfig.HeaderMatcher()
            matcher.name = "x-\(random.below(2))"
            $0.headers = [matcher]
          }
        }
      }
      let table = try table(routes)
      for _ in 0..<100 {
        let headers: HeaderMap = [":authority": "h", ":path": path() + (random.below(3) == 0 ? "?q" : "")]
        if random.below(2) == 0 { headers.add("x-0", "") }
        if random.below(2) == 0 { headers.add("x-1", "") }
        let expected = routes.first { matches($0.match, headers) }?.name
        #expect(table.lookUp(headers)?.name.view.string == expected)
      }
    }
  }

  private func matches(_ match: EnvoyConfig.RouteMatch, _ headers: HeaderMap) -> Bool {
    for matcher in match.headers where headers.all(matcher.name).isEmpty { return false }
    let whole = headers.all(":path")[0]
    let path = whole.split(separator: "?", omittingEmptySubsequences: false).first.map(String.init) ?? ""
    func fold(_ text: String) -> String { match.caseSensitive ? text : text.lowercased() }
    switch match.pathSpecifier {
    case .path(let wanted): return fold(path) == fold(wanted)
    case .prefix(let prefix): return fold(path).hasPrefix(fold(prefix))
    case .pathSeparatedPrefix(let prefix):
      return fold(path) == fold(prefix) || fold(path).hasPrefix(fold(prefix) + "/")
    case .safeRegex(let regex): return withBytes(path) { regex.fullMatch($0.buffer) }
    case .connectMatcher: return false
    }
  }

  @Test func aThousandRoutes() throws {
    let routes = (0..<1000).map {
      answering("\($0)", $0 % 2 == 0 ? .prefix("/service-\($0)/") : .path("/service-\($0)"))
    }
    let table = try table(routes + [answering("last", .prefix("/"))])
    #expect(table.nameOfRoute("/service-998/x?y") == "998")
    #expect(table.nameOfRoute("/service-999") == "999")
    #expect(table.nameOfRoute("/service-999/") == "last")
  }
}
