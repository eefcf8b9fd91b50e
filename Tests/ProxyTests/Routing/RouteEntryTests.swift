import EnvoyConfig
import HTTP
import Reactor
import Telemetry
import Testing

@testable import Proxy

@Suite struct RewriteTests {
  private func rewritten(_ route: ConfigRoute, _ headers: HeaderMap, suppress: Bool = false) throws -> HeaderMap {
    let entry = try #require(try table([route]).lookUp(headers))
    return entry.finalized(headers, suppressEnvoyHeaders: suppress)
  }

  private func request(_ path: String, _ more: KeyValuePairs<String, String> = [:]) -> HeaderMap {
    let headers: HeaderMap = [":authority": "h.x", ":path": path]
    for (name, value) in more { headers.add(name, value) }
    return headers
  }

  @Test func prefixes() throws {
    let regex = try SafeRegex("/rx/.*")
    for (specifier, replacement, path, expected) in [
      (.prefix("/pre"), "/new", "/pre/x?q=1", "/new/x?q=1"), (.prefix("/pre"), "/new", "/pre", "/new"),
      (.pathSeparatedPrefix("/sep"), "/", "/sep/a?b", "//a?b"), (.pathSeparatedPrefix("/sep"), "/", "/sep?b", "/?b"),
      (.path("/exact"), "/e2", "/exact?q", "/e2?q"), (.safeRegex(regex), "/e2", "/rx/abc?q=1", "/e2?q=1"),
      (.prefix("/same"), "/same", "/same/x", "/same/x"),
    ] as [(EnvoyConfig.RouteMatch.PathSpecifier, String, String, String)] {
      let route = forwarding(specifier) { $0.prefixRewrite = replacement }
      let headers = try rewritten(route, request(path, ["x-envoy-original-path": "fake"]))
      #expect(headers.all(":path") == [expected])
      #expect(headers.all("x-envoy-original-path") == [path])
      #expect(try rewritten(route, request(path), suppress: true).all("x-envoy-original-path") == [])
    }
    var insensitive = forwarding(.prefix("/ci")) { $0.prefixRewrite = "/new" }
    insensitive.match.caseSensitive = false
    #expect(try rewritten(insensitive, request("/CI/z")).all(":path") == ["/new/z"])
  }

  @Test func regularExpressions() throws {
    let pattern = try SafeRegex(#"/(\w)"#)
    let route = forwarding(.prefix("/rw")) {
      $0.regexRewrite = .init(pattern: pattern, substitution: #"/\1-"#)
      $0.hostRewrite = .auto
    }
    let headers = try rewritten(route, request("/rw/a/b?/c"))
    #expect(headers.all(":path") == ["/r-w/a-/b-?/c"] && headers.all("x-envoy-original-path") == ["/rw/a/b?/c"])
    #expect(headers.all(":authority") == ["h.x"])
    let entry = try #require(try table([route]).lookUp(request("/rw")))
    #expect(entry.hasAutoHostRewrite)
    withBytes("up.x") { entry.rewriteHost(headers, to: $0, suppressEnvoyHeaders: false) }
    #expect(headers.all(":authority") == ["up.x"] && headers.all("x-envoy-original-host") == ["h.x"])
  }

  /// The mutations come first: a host rewrite sees what they added, and they see the path and host that came.
  @Test func mutationsThenHostThenPath() throws {
    var route = forwarding(.prefix("/pre")) {
      $0.prefixRewrite = "/new"
      $0.hostRewrite = .header("X-H")
      $0.appendXForwardedHost = true
    }
    route.headers.requestHeadersToAdd = [
      option("x-h", "made.by.mutation"), option("x-seen", "%REQ(:PATH)%|%REQ(:AUTHORITY)%"),
    ]
    for (forwarded, expected) in [("f1", "f1,h.x"), ("f1,h.x", "f1,h.x"), ("", "h.x")] {
      let headers = try rewritten(route, request("/pre/x?q=1", ["x-forwarded-host": forwarded]))
      #expect(headers.all(":authority") == ["made.by.mutation"] && headers.all("x-forwarded-host") == [expected])
      #expect(headers.all("x-seen") == ["/pre/x?q=1|h.x"] && headers.all("x-envoy-original-host") == ["h.x"])
    }
  }

  @Test func hosts() throws {
    let header = forwarding(.prefix("/")) { $0.hostRewrite = .header("x-h") }
    for (more, host) in [
      ([:], "h.x"), (["x-h": ""], "h.x"), (["x-h": "a", "x-h": "b"], "a"),
    ] as [(KeyValuePairs<String, String>, String)] {
      let headers = try rewritten(header, request("/", more))
      #expect(headers.all(":authority") == [host])
      #expect(headers.all("x-envoy-original-host") == (host == "h.x" ? [] : ["h.x"]))
    }
    let pattern = try SafeRegex("^/rx/(.*)$")
    let regex = forwarding(.prefix("/rx")) {
      $0.hostRewrite = .pathRegex(.init(pattern: pattern, substitution: #"\1.x"#))
    }
    #expect(try rewritten(regex, request("/rx/abc?q=1")).all(":authority") == ["abc.x"])
  }
}

@Suite struct ClusterChoiceTests {
  private func choose(
    _ specifier: EnvoyConfig.RouteAction.ClusterSpecifier, _ headers: HeaderMap, random: UInt64 = 0
  ) throws -> ClusterChoice {
    headers.add(":path", "/")
    let route = forwarding(.prefix("/")) { $0.clusterSpecifier = specifier }
    let entry = try #require(try table([route]).lookUp(headers))
    #expect(!entry.isDirectResponse && entry.directResponseStatus == nil && entry.location(headers) == nil)
    return entry.chooseCluster(headers, randomValue: random) { $0 == "a" ? 0 : $0 == "b" ? 1 : nil }
  }

  private func weighted(_ weights: [UInt32], header: String? = nil) -> EnvoyConfig.RouteAction.ClusterSpecifier {
    var cluster = EnvoyConfig.WeightedCluster()
    cluster.headerName = header
    cluster.clusters = zip(weights, ["a", "b", "c"]).map {
      var entry = EnvoyConfig.WeightedCluster.ClusterWeight()
      entry.weight = $0
      entry.specifier = $1 == "c" ? .clusterHeader("x-c") : .name($1)
      return entry
    }
    return .weightedClusters(cluster)
  }

  @Test func byName() throws {
    #expect(try choose(.cluster("b"), [:]).cluster == 1)
    #expect(try choose(.cluster("nope"), [:]).cluster == nil)
  }

  @Test func byHeader() throws {
    #expect(try choose(.clusterHeader("X-C"), ["x-c": "b"]).cluster == 1)
    #expect(try choose(.clusterHeader("x-c"), ["x-c": "a", "x-c": "b"]).cluster == 0)
    #expect(try choose(.clusterHeader("x-c"), ["x-c": "nope", "x-c": "b"]).cluster == nil)
    #expect(try choose(.clusterHeader("x-c"), [:]).cluster == nil)
  }

  @Test func byWeight() throws {
    let specifier = weighted([3, 0, 2])
    for value: UInt64 in 0..<10 {
      let choice = try choose(specifier, ["x-c": "b"], random: value)
      #expect(
        choice == (value % 5 < 3 ? ClusterChoice(cluster: 0, weighted: 0) : ClusterChoice(cluster: 1, weighted: 2)))
    }
    #expect(try choose(specifier, [:], random: 4) == ClusterChoice(cluster: nil, weighted: 2))
    #expect(try choose(weighted([]), [:]).cluster == nil)
  }

  @Test func byAHeadersNumber() throws {
    let specifier = weighted([3, 2], header: "x-pick")
    for (values, expected) in [
      (["2"], 0), (["3"], 1), (["8"], 1), (["5"], 0), ([" 13 "], 1), (["18446744073709551615"], 0),
    ] {
      let headers = HeaderMap()
      for value in values { headers.add("x-pick", value) }
      #expect(try choose(specifier, headers, random: 3 - UInt64(3 * expected)).cluster == expected, "\(values)")
    }
    // What is no number, and what comes twice, leaves it to chance.
    for values in [["18446744073709551616"], ["-1"], ["x"], [""], ["1", "1"], []] {
      for random: UInt64 in [0, 4] {
        let headers = HeaderMap()
        for value in values { headers.add("x-pick", value) }
        #expect(try choose(specifier, headers, random: random).cluster == (random == 0 ? 0 : 1))
      }
    }
  }
}

/// What the real Envoy 1.40.0 answered.
@Suite struct RedirectTests {
  private func location(
    _ path: String, host: String = "h.x", proto: String = "http",
    match: EnvoyConfig.RouteMatch.PathSpecifier = .prefix("/"),
    change: (inout EnvoyConfig.RedirectAction) -> Void
  ) throws -> String? {
    var redirect = EnvoyConfig.RedirectAction()
    change(&redirect)
    var route = ConfigRoute()
    route.match.pathSpecifier = match
    route.action = .redirect(redirect)
    let headers: HeaderMap = [
      ":authority": host, ":path": path, ":scheme": proto, "x-forwarded-proto": proto,
    ]
    return try table([route]).lookUp(headers)?.location(headers)
  }

  @Test func schemes() throws {
    for (host, proto, expected) in [
      ("h.x", "http", "https://h.x/a?b=1"), ("h.x:80", "http", "https://h.x/a?b=1"),
      ("h.x:443", "http", "https://h.x:443/a?b=1"), ("h.x:8080", "http", "https://h.x:8080/a?b=1"),
      ("h.x:443", "https", "https://h.x:443/a?b=1"), ("[::1]:80", "http", "https://[::1]/a?b=1"),
      ("[::1]", "http", "https://[::1]/a?b=1"),
    ] {
      #expect(try location("/a?b=1", host: host, proto: proto) { $0.schemeRewrite = .httpsRedirect(true) } == expected)
    }
    #expect(try location("/", host: "h.x:80") { $0.schemeRewrite = .schemeRedirect("FTP") } == "FTP://h.x/")
    #expect(try location("/", host: "h.x:80") { $0.schemeRewrite = .httpsRedirect(false) } == "http://h.x:80/")
    let both = try location("/", host: "h.x:80") {
      $0.schemeRewrite = .httpsRedirect(true)
      $0.portRedirect = 8443
    }
    #expect(both == "https://h.x:8443/")
  }

  @Test func hostsAndPorts() throws {
    #expect(try location("/a?q", host: "h.x:77") { $0.hostRedirect = "new.x" } == "http://new.x/a?q")
    #expect(try location("/a?q", host: "h.x:77") { $0.portRedirect = 99 } == "http://h.x:99/a?q")
    #expect(try location("/a?q", host: "[::1]:77") { $0.portRedirect = 99 } == "http://[::1]:99/a?q")
    let both = try location("/") {
      $0.hostRedirect = "new.x:1"
      $0.portRedirect = 99
    }
    #expect(both == "http://new.x:1:99/")
  }

  @Test func paths() throws {
    func path(_ rewrite: EnvoyConfig.RedirectAction.PathRewrite?, strip: Bool, _ path: String) throws -> String? {
      try location(path, match: .prefix("/p")) {
        $0.pathRewrite = rewrite
        $0.stripQuery = strip
      }
    }
    let pattern = try SafeRegex("^/p/(.*)$")
    #expect(try path(.pathRedirect("/n?z=1"), strip: true, "/p?x=1") == "http://h.x/n?z=1")
    #expect(try path(.pathRedirect("/n"), strip: false, "/p?x=1") == "http://h.x/n?x=1")
    #expect(try path(.pathRedirect("/n"), strip: true, "/p?x=1") == "http://h.x/n")
    #expect(try path(.prefixRewrite("/w"), strip: true, "/p/a?x=1") == "http://h.x/w/a")
    #expect(try path(.prefixRewrite("/w?a=b"), strip: false, "/p/a?x=1") == "http://h.x/w?a=b/a?x=1")
    #expect(try path(.prefixRewrite(""), strip: false, "/p/a") == "http://h.x/p/a")
    #expect(try path(nil, strip: true, "/p?x") == "http://h.x/p")
    let regex = EnvoyConfig.RedirectAction.PathRewrite.regexRewrite(.init(pattern: pattern, substitution: #"/y/\1"#))
    #expect(try path(regex, strip: false, "/p/a?x=1") == "http://h.x/y/a?x=1")
  }

  @Test func theRequestsPathIsRewrittenToo() throws {
    var redirect = EnvoyConfig.RedirectAction()
    redirect.pathRewrite = .prefixRewrite("/w")
    redirect.responseCode = .permanentRedirect
    var route = ConfigRoute()
    route.match.pathSpecifier = .prefix("/p")
    route.action = .redirect(redirect)
    let headers: HeaderMap = [":authority": "h.x", ":path": "/p/a", ":scheme": "http"]
    let entry = try #require(try table([route]).lookUp(headers))
    #expect(entry.directResponseStatus == 308 && entry.directResponseBody.isEmpty)
    _ = entry.location(headers)
    #expect(headers.all(":path") == ["/w/a"] && headers.all("x-envoy-original-path") == ["/p/a"])
  }

  @Test func directResponses() throws {
    for (status, expected) in [
      (200, nil), (302, "http://h.x/d?x"), (201, "http://h.x/d?x"), (404, nil), (399, "http://h.x/d?x"),
    ]
      as [(UInt32, String?)]
    {
      var response = EnvoyConfig.DirectResponseAction()
      response.status = status
      response.body = EnvoyConfig.DataSource()
      response.body?.bytes = Array("body".utf8)
      var route = ConfigRoute()
      route.action = .directResponse(response)
      let headers: HeaderMap = [":authority": "h.x", ":path": "/d?x", ":scheme": "http"]
      let entry = try #require(try table([route]).lookUp(headers))
      #expect(entry.isDirectResponse && entry.directResponseStatus == UInt16(status))
      #expect(entry.directResponseBody == "body")
      #expect(entry.location(headers) == expected)
    }
  }
}

@Suite struct RouteEntrySettingsTests {
  private func entry(
    _ route: ConfigRoute, _ change: (inout ConfigVirtualHost) -> Void = { _ in }
  ) throws -> RouteEntry {
    var host = virtualHost("vhost", ["*"], [route])
    change(&host)
    return try #require(try table([host]).lookUp([":authority": "h", ":path": "/"]))
  }

  @Test func defaults() throws {
    let entry = try entry(forwarding(.prefix("/")))
    #expect(entry.timeoutNanoseconds == 15 * second && entry.idleTimeoutNanoseconds == nil)
    #expect(!entry.hasMaxStreamDuration && entry.maxStreamDurationNanoseconds == nil)
    #expect(entry.retryPolicy === Proxy.RetryPolicy.none && entry.retryPolicy.retryOn == [])
    #expect(entry.priority == .default && entry.clusterNotFoundStatus == 503 && entry.requestBufferLimit == nil)
    #expect(!entry.includesAttemptCountInRequest && !entry.includesAttemptCountInResponse)
    #expect(!entry.includesIsTimeoutRetryHeader && !entry.hasAutoHostRewrite)
    #expect(entry.virtualHostName.view == "vhost" && entry.name.count == 0)
  }

  @Test func everythingSet() throws {
    var route = forwarding(.prefix("/")) {
      $0.timeout = .zero
      $0.idleTimeout = .milliseconds(3)
      $0.maxStreamDuration = .init()
      $0.maxStreamDuration?.maxStreamDuration = .seconds(2)
      $0.priority = .high
      $0.clusterNotFoundResponseCode = .notFound
    }
    route.name = "r"
    route.perRequestBufferLimitBytes = 7
    let entry = try entry(route) {
      $0.includeRequestAttemptCount = true
      $0.includeAttemptCountInResponse = true
      $0.includeIsTimeoutRetryHeader = true
      $0.perRequestBufferLimitBytes = 9
    }
    #expect(entry.timeoutNanoseconds == 0 && entry.idleTimeoutNanoseconds == 3 * millisecond)
    #expect(entry.hasMaxStreamDuration && entry.maxStreamDurationNanoseconds == 2 * second)
    #expect(entry.priority == .high && entry.clusterNotFoundStatus == 404 && entry.requestBufferLimit == 7)
    #expect(entry.includesAttemptCountInRequest && entry.includesAttemptCountInResponse)
    #expect(entry.includesIsTimeoutRetryHeader && entry.name.view == "r")
  }

  @Test func theVirtualHostsRetryPolicyIsInherited() throws {
    var policy = EnvoyConfig.RetryPolicy()
    policy.retryOn = "5xx"
    let inherited = try entry(forwarding(.prefix("/"))) { $0.retryPolicy = policy }
    #expect(inherited.retryPolicy.retryOn == .serverError)
    var own = EnvoyConfig.RetryPolicy()
    own.retryOn = "reset"
    let overriding = try entry(forwarding(.prefix("/")) { $0.retryPolicy = own }) { $0.retryPolicy = policy }
    #expect(overriding.retryPolicy.retryOn == .reset)
  }

  @Test func internalOnlyHeaders() throws {
    let table = try table([]) { $0.internalOnlyHeaders = ["X-Secret"] }
    let headers: HeaderMap = ["x-secret": "1", "x-secret": "2", "x-open": "3"]
    table.removeInternalOnlyHeaders(headers)
    #expect(headers.all("x-secret") == [] && headers.all("x-open") == ["3"])
  }
}
