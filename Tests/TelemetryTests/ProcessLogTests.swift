import Glibc
import Logging
import Reactor
import Testing

@testable import Telemetry

@Suite struct ProcessLogTests {
  @Test func linesAreEnvoys() throws {
    let directory = TemporaryDirectory()
    let log = try ProcessLog(path: "\(directory.path)/log", clock: .manual(ManualClock()))
    log.logger("main").warning("caught \("SIGTERM")")
    log.logger("main").debug("unseen")
    log.logger("nothing of Envoy's").error("seen", metadata: ["b": "2", "a": "1"])
    let lines = directory.read("log").split(separator: "\n")
    let process = getpid()
    #expect(
      lines == [
        "[2026-01-01 00:00:00.000][\(process)][warning][main] caught SIGTERM",
        "[2026-01-01 00:00:00.000][\(process)][error][misc] seen a=1 b=2",
      ])
  }

  @Test func levelsChangeWhileRunning() throws {
    let directory = TemporaryDirectory()
    let log = try ProcessLog(path: "\(directory.path)/log", level: .error, clock: .manual(ManualClock()))
    let router = log.logger("router")
    #expect(log.setLevel(.trace, of: "router"))
    router.trace("1")
    log.setLevel(.off)
    router.critical("2")
    #expect(!log.setLevel(.trace, of: "bogus"))
    #expect(log.levels.allSatisfy { $0.level == .off })
    log.setLevel(.critical)
    router.error("3")
    router.critical("4")
    #expect(directory.read("log").split(separator: "\n").map { $0.suffix(1) } == ["1", "4"])
    #expect(LogLevel("warning") == .warning && LogLevel("warn") == nil)
  }
}
