import Testing

@testable import Admin

/// Every expectation was answered by Envoy 1.40.0, but for the list of commands.
@Suite struct AdminHandlerTests {
  let target: SampleTarget

  init() throws {
    target = try SampleTarget()
  }

  @Test func headersAreEnvoys() {
    let headers = target.get("/ready").headers
    #expect(
      headers.map { "\($0.name): \($0.value)" } == [
        "content-type: text/plain; charset=UTF-8", "cache-control: no-cache, max-age=0",
        "x-content-type-options: nosniff",
      ])
    #expect(target.get("/server_info").headers[0].value == "application/json")
    #expect(target.get("/").headers[0].value == "text/html; charset=UTF-8")
  }

  @Test func unknownPathsGetTheHelp() {
    let help = target.get("/help")
    #expect(help.status == 200)
    #expect(help.body.hasPrefix("admin commands are:\n  /: Admin home page\n  /certs: print certs on machine\n"))
    #expect(
      help.body.contains(
        "      type: Stat types to include.; One of (All, Counters, Histograms, Gauges, TextReadouts)\n"))
    for path in ["/nope", "/ready/", "", "/stats/prometheus/x"] {
      let response = target.get(path)
      #expect(response.status == 404)
      #expect(response.body == "invalid path. " + help.body)
    }
  }

  @Test func commandsAreInOrder() {
    let paths = AdminEndpoint.all.map(\.path)
    #expect(paths == paths.sorted())
  }

  @Test func theHomePageListsAll() {
    let page = target.get("/").body
    for endpoint in AdminEndpoint.all.dropFirst() {
      #expect(page.contains(">\(endpoint.path.dropFirst())</button>"))
    }
  }

  @Test func mutationsNeedPost() {
    for endpoint in AdminEndpoint.all where endpoint.isMutation {
      let response = target.get(endpoint.path)
      #expect(response.status == 405)
      #expect(response.body == "Method GET not allowed, POST required.")
    }
    #expect(target.send("DELETE", "/quitquitquit").body == "Method DELETE not allowed, POST required.")
    #expect(target.calls == [])
    #expect(target.send("PUT", "/ready").body == "LIVE\n")
  }

  @Test func mutationsReachTheTarget() {
    let paths = [
      "/healthcheck/fail", "/healthcheck/ok", "/drain_listeners", "/drain_listeners?graceful&skip_exit",
      "/drain_listeners?inboundonly", "/reopen_logs", "/quitquitquit",
    ]
    for path in paths {
      let response = target.post(path)
      #expect(response.status == 200 && response.body == "OK\n")
    }
    #expect(
      target.calls == [
        "fail", "pass", "drain false false false", "drain true true false", "drain false false true", "reopen", "quit",
      ])
  }

  @Test func readinessFollowsTheState() {
    #expect(target.get("/ready?x=y").body == "LIVE\n")
    target.server.state = .draining
    #expect(target.get("/ready").status == 503 && target.get("/ready").body == "DRAINING\n")
    target.server.state = .preInitializing
    #expect(target.get("/ready").body == "PRE_INITIALIZING\n")
  }

  @Test func serverInfo() {
    target.server.options.concurrency = 2
    let body = target.get("/server_info").body
    #expect(
      body.hasPrefix(
        """
        {
         "version": "commit/1.40.0/Clean/RELEASE/OpenSSL",
         "state": "LIVE",
         "uptime_current_epoch": "2s",
         "uptime_all_epochs": "2s",
         "hot_restart_version": "disabled",
         "command_line_options": {
          "base_id": "0",
          "concurrency": 2,
          "config_path": "",
        """))
    #expect(body.contains(" \"disabled_extensions\": [],\n"))
    #expect(
      body.hasSuffix(
        " \"node\": {\n  \"id\": \"nodeid\",\n  \"cluster\": \"c\"\n },\n \"hot_restart_initializing\": false\n}\n"))
  }

  @Test func smallEndpoints() {
    #expect(target.get("/certs").body == "{\n \"certificates\": []\n}\n")
    #expect(target.get("/runtime").body == "{\n \"entries\": {},\n \"layers\": []\n}\n")
    #expect(target.get("/init_dump").body == "{}\n")
    #expect(target.get("/hot_restart_version").body == "disabled")
    #expect(target.get("/contention").body.hasPrefix("Mutex contention tracing is not enabled."))
    target.memory.heapSize = 12
    #expect(target.get("/memory").body.hasPrefix("{\n \"allocated\": \"0\",\n \"heap_size\": \"12\",\n"))
    #expect(MemoryUsage.current().totalPhysicalBytes > 0)
  }

  @Test func parametersAreDecoded() {
    let request = AdminRequest(method: "GET", target: "/x?a=%2E%2a+b&c&d=%zz%4&a=2&=x&e=f=g")
    #expect(request.path == "/x")
    #expect(request["a"] == ".*+b" && request["c"] == "" && request["d"] == "%zz%4" && request["e"] == "f=g")
    #expect(request["none"] == nil)
    let form = AdminRequest(
      method: "POST", target: "/logging", contentType: "application/x-www-form-urlencoded",
      body: Array("level=trace".utf8))
    #expect(form["level"] == "trace")
    #expect(AdminRequest(method: "POST", target: "/logging", body: Array("level=trace".utf8))["level"] == nil)
  }
}
