import Telemetry
import Testing

@testable import Admin

/// Every expectation was answered by Envoy 1.40.0.
@Suite struct LoggingEndpointTests {
  let target: SampleTarget

  init() throws {
    target = try SampleTarget()
  }

  func level(_ name: String) -> LogLevel? { target.log.levels.first { $0.name == name }?.level }

  @Test func loggersAreListed() {
    let response = target.post("/logging")
    #expect(response.status == 200)
    #expect(response.body.hasPrefix("active loggers:\n  a2a: info\n  admin: info\n"))
    #expect(response.body.hasSuffix("  ip_tagging: info\n\n"))
  }

  @Test func levelsChange() {
    #expect(target.post("/logging?level=debug").body.contains("  main: debug\n"))
    #expect(target.post("/logging?router=trace").status == 200)
    #expect(level("router") == .trace && level("main") == .debug)
    #expect(target.post("/logging?paths=main:warning,http:off,").status == 200)
    #expect(level("main") == .warning && level("http") == .off)
    for harmless in ["/logging?level=", "/logging?paths=", "/logging?router", "/logging?paths=,", "/logging?group="] {
      #expect(target.post(harmless).status == 200)
    }
    #expect(level("router") == .trace)
  }

  @Test(arguments: [
    ("bogus=trace", "unknown logger name"), ("router=bogus", "unknown logger level"),
    ("bogus=bogus", "unknown logger level"), ("level=warn", "unknown logger level"),
    ("paths=main:error,http:warn", "unknown logger level"), ("paths=main:error,nope:info", "unknown logger name"),
    ("paths=main", "empty logger name or empty logger level"), ("paths=main:debug:x", "unknown logger level"),
    ("level=info&router=debug", "invalid number of parameters"),
    ("group=router:debug", "group parameter requires fine-grain logging to be enabled"),
  ])
  func refusals(query: String, error: String) {
    let response = target.post("/logging?\(query)")
    #expect(response.status == 400)
    #expect(
      response.body.hasPrefix(
        """
        error: \(error)

        usage: /logging?<name>=<level> (change single level)
        usage: /logging?paths=name1:level1,name2:level2,... (change multiple levels)
        usage: /logging?level=<level> (change all levels)
        usage: /logging?group=<group_name>:<level> (change group of loggers)
        levels: trace debug info warning error critical off\u{20}
        active loggers:
          a2a: info
        """))
    #expect(target.log.levels.allSatisfy { $0.level == .info })
  }
}
