import EnvoyConfig
import HTTP
import Reactor
import Telemetry
import Testing

@testable import Proxy

func option(
  _ key: String, _ value: String,
  _ action: EnvoyConfig.HeaderValueOption.HeaderAppendAction = .appendIfExistsOrAdd, keepEmpty: Bool = false
) -> EnvoyConfig.HeaderValueOption {
  var option = EnvoyConfig.HeaderValueOption()
  option.key = key
  option.value = value
  option.appendAction = action
  option.keepEmptyValue = keepEmpty
  return option
}

/// What the real Envoy 1.40.0 made of the same.
@Suite struct HeaderMutationTests {
  private func evaluate(
    _ headers: HeaderMap, add: [EnvoyConfig.HeaderValueOption], remove: [String] = []
  ) throws -> HeaderMap {
    let arena = RouteArena()
    var scratch = TextBuffer(capacity: 1)
    let parser = try HeaderParser(add: add, remove: remove, inline: InlineHeaders.request, arena: arena)
    parser.evaluate(headers, RequestValues(headers: headers), scratch: &scratch)
    #expect(scratch.count == 0)
    return headers
  }

  @Test func removalsThenValuesThenOverwritesThenAdditions() throws {
    let headers = try evaluate(
      ["x-a": "orig", "x-a": "orig2", "x-gone": "1", "x-f": "f"],
      add: [
        option("x-a", "a1", .addIfAbsent), option("x-a", "a2", .overwriteIfExistsOrAdd),
        option("x-a", "a3", .overwriteIfExists), option("x-b", "%REQ(x-a)%"), option("x-c", "", keepEmpty: true),
        option("x-d", ""), option("x-e", "%REQ(nope)%"), option("x-f", "%REQ(nope)%-", .overwriteIfExists),
      ], remove: ["x-a", "X-Gone"])
    #expect(headers.all("x-a") == ["a2", "a1"])
    #expect(headers.all("x-b") == [] && headers.all("x-d") == [] && headers.all("x-e") == [])
    #expect(headers.all("x-c") == [""])
    #expect(headers.all("x-f") == ["-"])
    #expect(headers.all("x-gone") == [])
  }

  @Test func overwriting() throws {
    let headers = try evaluate(
      ["x-a": "1", "x-a": "2"],
      add: [
        option("x-a", "o1", .overwriteIfExistsOrAdd), option("x-a", "o2", .overwriteIfExistsOrAdd), option("x-a", "p"),
      ])
    #expect(headers.all("x-a") == ["o2", "p"])
  }

  @Test func conditions() throws {
    let headers = try evaluate(
      ["there": "t"],
      add: [
        option("there", "n", .addIfAbsent), option("absent", "n", .addIfAbsent),
        option("there2", "n", .overwriteIfExists), option("there", "o", .overwriteIfExists),
      ])
    #expect(headers.all("there") == ["o"] && headers.all("absent") == ["n"] && headers.all("there2") == [])
  }

  @Test func someHeadersKeepOneLine() throws {
    for name in ["user-agent", "via", "x-forwarded-for", "if-match", "accept", "x-request-id"] {
      #expect(try evaluate(["x-o": "", name: "old"], add: [option(name, "new")]).all(name) == ["old,new"])
      #expect(try evaluate([name: "old"], add: [option(name, "%REQ(x)%new")]).all(name) == ["old,new"])
      #expect(try evaluate([name: ""], add: [option(name, "new")]).all(name) == ["new"])
      #expect(try evaluate([:], add: [option(name, "1"), option(name, "2")]).all(name) == ["1,2"])
    }
    for name in ["cookie", "x-custom", "forwarded", "traceparent", "accept-language"] {
      #expect(try evaluate([name: "old"], add: [option(name, "new")]).all(name) == ["old", "new"])
    }
  }

  @Test func percentSignsAndOperators() throws {
    let headers = try evaluate([":path": "/p"], add: [option("X-P", "100%% of %REQ(:PATH)%"), option("x-q", "5%%")])
    #expect(headers.all("x-p") == ["100% of /p"] && headers.all("x-q") == ["5%"])
  }

  /// The scratch bytes move while they grow; long values come through whole.
  @Test func longValues() throws {
    let long = String(repeating: "v", count: 5000)
    let headers = try evaluate(
      ["x-long": long, "via": long],
      add: [option("via", "%REQ(x-long)%"), option("x-1", "%REQ(x-long)%"), option("x-2", "%REQ(via)%", .addIfAbsent)])
    #expect(headers.all("via") == [long + "," + long] && headers.all("x-1") == [long] && headers.all("x-2") == [long])
  }

  @Test func anUnknownOperatorIsRefused() {
    var bad = option("x", "%NOPE%")
    bad.origin = SourceLocation(file: "f", line: 3, column: 4)
    #expect {
      _ = try HeaderParser(add: [bad], remove: [], inline: [], arena: RouteArena())
    } throws: {
      ($0 as? RouteTableError)?.origin == bad.origin
    }
  }

  private func level(_ name: String) -> EnvoyConfig.HeaderMutations {
    var level = EnvoyConfig.HeaderMutations()
    level.requestHeadersToAdd = [option("x-o", name, .overwriteIfExistsOrAdd), option("x-l", name)]
    level.responseHeadersToAdd = level.requestHeadersToAdd
    return level
  }

  private func weighted(host: String?) -> EnvoyConfig.RouteAction.ClusterSpecifier {
    var entry = EnvoyConfig.WeightedCluster.ClusterWeight()
    entry.specifier = .name("a")
    entry.weight = 1
    entry.headers = level("w")
    entry.hostRewriteLiteral = host
    var cluster = EnvoyConfig.WeightedCluster()
    cluster.clusters = [entry]
    return .weightedClusters(cluster)
  }

  @Test func levelsInEnvoysOrder() throws {
    for (specificWins, last, order) in [
      (false, "rc", ["w", "route", "vhost", "rc"]), (true, "route", ["w", "rc", "vhost", "route"]),
    ] {
      var route = forwarding(.prefix("/")) {
        $0.clusterSpecifier = weighted(host: "w.host")
        $0.appendXForwardedHost = true
        $0.hostRewrite = .literal("route.host")
      }
      route.headers = level("route")
      var host = virtualHost("v", ["*"], [route])
      host.headers = level("vhost")
      let table = try table([host]) {
        $0.headers = level("rc")
        $0.mostSpecificHeaderMutationsWins = specificWins
      }
      let headers: HeaderMap = [":authority": "h.x", ":path": "/"]
      let entry = try #require(table.lookUp(headers))
      let choice = entry.chooseCluster(headers, randomValue: 0) { _ in nil }
      let done = entry.finalized(headers, choice)
      #expect(done.all("x-o") == [last] && done.all("x-l") == order)
      #expect(done.all(":authority") == ["route.host"])
      #expect(done.all("x-envoy-original-host") == ["w.host"] && done.all("x-forwarded-host") == ["w.host"])
      let response: HeaderMap = [":status": "200"]
      var scratch = TextBuffer()
      entry.finalizeResponseHeaders(response, choice, RequestValues(headers: headers), scratch: &scratch)
      #expect(response.all("x-o") == [last] && response.all("x-l") == order)
    }
  }
}
