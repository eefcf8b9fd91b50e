import EnvoyConfig
import Glibc
import Testing

@Suite struct LoadingTests {
  private func error(_ source: ConfigSource) -> String? {
    guard case .failure(let errors) = loadBootstrap(source) else { return nil }
    return errors.description
  }

  @Test func filesThatCannotBeRead() {
    #expect(
      error(.file(path: "/nonexistent/x.yaml"))
        == "/nonexistent/x.yaml: cannot be opened: No such file or directory; a readable file is allowed")
    #expect(error(.file(path: "/tmp")) == "/tmp: is a directory; a file is allowed")
    #expect(error(.file(path: "/dev/null")) == "/dev/null:1:1: the text is empty; an object is allowed")
    #expect(error(.file(path: "/dev/zero"))?.hasPrefix("/dev/zero: is larger than 67108864 bytes") == true)
    #expect(error(.file(path: "x.pb"))?.contains("binary protobuf") == true)
    #expect(error(.file(path: "x.PB_TEXT"))?.contains("text format") == true)
  }

  @Test func inlineTextIsYAMLAndJSON() throws {
    #expect(try loadBootstrap(.inlineYAML("node: {id: a}")).get().node.id == "a")
    #expect(try loadBootstrap(.inlineYAML("{\"node\": {\"id\": \"a\"}}")).get().node.id == "a")
    #expect(error(.inlineYAML("nod: {}"))?.hasPrefix("<inline>:1:1: nod: unknown field") == true)
  }

  @Test func errorsComeInTheOrderOfTheText() {
    let found = errors(of: "static_resources: {clusters: [{name: a, x: 1}, {name: a}], y: 1}\nnode: {id: 1}\nz: 1")
    #expect(
      found.map { $0.split(separator: ":")[1...2].joined(separator: ":") } == ["1:41", "1:48", "1:60", "2:12", "3:1"])
  }

  @Test func checksOfOtherFloorsAreTold() {
    let checks = ConfigChecks(
      format: { $0.contains("%NO%") ? ConfigProblem("unknown operator NO", allowed: "PROTOCOL is allowed") : nil },
      logPath: { ConfigProblem("cannot open \($0)") })
    let text = """
      admin: {access_log_path: /log}
      static_resources:
        listeners:
        - address: {socket_address: {address: 127.0.0.1, port_value: 0}}
          filter_chains: [{}]
          access_log:
          - typed_config:
              "@type": type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog
              log_format: {json_format: {a: {b: ["%OK%", "%NO%"]}}}
            filter: {response_flag_filter: {flags: [NR]}}
          - typed_config:
              "@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog
              path: /log
              format: "%NO%"
            filter: {response_flag_filter: {flags: [NR]}}
      """
    let found = errors(of: text, checks: checks)
    #expect(
      found.map { $0.split(separator: " ", maxSplits: 1)[0] } == [
        "t.yaml:1:26:", "t.yaml:9:52:", "t.yaml:13:15:", "t.yaml:14:17:",
      ])
    #expect(found[1].hasSuffix("json_format.a.b[1]: unknown operator NO; PROTOCOL is allowed"))
  }

  /// No list of errors, however long the file that earned it.
  @Test func thousandsOfErrorsAreBounded() {
    let text = "static_resources: {clusters: [" + repeatElement("{x: 1}", count: 3000).joined(separator: ",") + "]}"
    #expect(errors(of: text).count == 1000)
  }

  @Test func environmentVariablesAndFilesAreRead() throws {
    setenv("PILLION_CONFIG_TEST", "from the environment", 1)
    let text = """
      static_resources:
        listeners:
        - address: {socket_address: {address: 127.0.0.1, port_value: 0}}
          filter_chains:
          - filters:
            - name: h
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: h
                route_config:
                  virtual_hosts:
                  - name: v
                    domains: [a]
                    routes:
                    - match: {prefix: /a}
                      direct_response: {status: 200, body: {environment_variable: PILLION_CONFIG_TEST}}
                    - match: {prefix: /b}
                      direct_response: {status: 200, body: {filename: \(CaseFiles.folder)Accepted/nothing.json}}
      """
    let listener = try bootstrap(yaml: text).staticResources.listeners[0]
    guard case .httpConnectionManager(let manager) = listener.filterChains[0].filters[0].config else {
      return #expect(Bool(false))
    }
    let bodies = manager.routeConfig.virtualHosts[0].routes.map { route -> String in
      guard case .directResponse(let response) = route.action else { return "" }
      return String(decoding: response.body?.bytes ?? [], as: UTF8.self)
    }
    #expect(bodies == ["from the environment", "{}\n"])
  }
}
