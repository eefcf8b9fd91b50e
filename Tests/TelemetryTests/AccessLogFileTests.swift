import Glibc
import Reactor
import Testing

@testable import Telemetry

/// A directory of a test's own, removed at its end.
struct TemporaryDirectory: ~Copyable {
  let path: String

  init() {
    var template = Array("/tmp/pillion-telemetry-XXXXXX".utf8CString)
    path = mkdtemp(&template).map { String(cString: $0) } ?? "/nonexistent"
  }

  deinit {
    for name in ["log", "log.1", "pipe"] { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  func read(_ name: String) -> String {
    guard let file = fopen("\(path)/\(name)", "r") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }
}

@Suite struct AccessLogFileTests {
  let store = StatsStore()
  let shard: StatsShard
  let files: AccessLogFiles

  init() {
    shard = store.makeShard()
    files = AccessLogFiles(store: store)
    signal(SIGPIPE, SIG_IGN)
  }

  func count(_ stat: FilesystemStat) -> UInt64 {
    store.counter(store.scope("filesystem.").block(FilesystemStat.self)[stat])
  }

  func append(_ text: String, to file: AccessLogFile) {
    var buffer = TextBuffer()
    buffer.append(text)
    file.append(buffer.view, shard)
  }

  @Test func linesWaitForTheFlush() throws {
    let directory = TemporaryDirectory()
    let file = try files.open("\(directory.path)/log")
    #expect(try files.open("\(directory.path)/log") === file)
    append("one\n", to: file)
    append("two\n", to: file)
    #expect(directory.read("log") == "")
    files.flushByTimer()
    #expect(directory.read("log") == "one\ntwo\n")
    #expect(count(.writeBuffered) == 2)
    #expect(count(.writeCompleted) == 1)
    #expect(count(.flushedByTimer) == 1)
    #expect(count(.writeTotalBuffered) == 0)
  }

  @Test func aFullBufferIsWrittenAtOnce() throws {
    let directory = TemporaryDirectory()
    let file = try files.open("\(directory.path)/log")
    let line = String(repeating: "x", count: 1023) + "\n"
    for _ in 0..<64 { append(line, to: file) }
    #expect(directory.read("log").utf8.count == 65536)
  }

  @Test func reopeningFollowsTheRotation() throws {
    let directory = TemporaryDirectory()
    let file = try files.open("\(directory.path)/log")
    append("old\n", to: file)
    rename("\(directory.path)/log", "\(directory.path)/log.1")
    files.reopen()
    append("new\n", to: file)
    files.flush()
    #expect(directory.read("log.1") == "old\n")
    #expect(directory.read("log") == "new\n")
  }

  @Test func whatCannotBeOpenedIsAnError() {
    #expect(throws: OutputError(path: "/nope/x", errno: ENOENT)) { try files.open("/nope/x") }
    #expect("\(OutputError(path: "/tmp", errno: EISDIR))" == "unable to open file '/tmp': Is a directory")
  }

  @Test func aFullDiskIsCountedAndSurvived() throws {
    let file = try files.open("/dev/full")
    append("lost\n", to: file)
    files.flush()
    append("lost\n", to: file)
    files.flush()
    #expect(count(.writeFailed) == 2)
    #expect(count(.writeCompleted) == 0)
  }

  @Test func aStoppedReaderCostsLinesButNeverBlocks() throws {
    let directory = TemporaryDirectory()
    let path = "\(directory.path)/pipe"
    try #require(mkfifo(path, 0o600) == 0)
    let reader = open(path, O_RDONLY | O_NONBLOCK)
    let file = try files.open(path)
    let line = String(repeating: "y", count: 9999) + "\n"
    for _ in 0..<200 { append(line, to: file) }
    #expect(count(.writeFailed) > 0)
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    var received: [UInt8] = []
    while true {
      let count = read(reader, &bytes, bytes.count)
      if count > 0 {
        received += bytes.prefix(count)
      } else {
        let before = received.count
        files.flush()
        let more = read(reader, &bytes, bytes.count)
        if more > 0 { received += bytes.prefix(more) }
        if received.count == before { break }
      }
    }
    #expect(received.count % 10_000 == 0)
    #expect(UInt64(received.count / 10_000) == 200 - count(.writeFailed))
    close(reader)
    append("gone\n", to: file)
    files.flush()
    append("gone\n", to: file)
    files.flush()
  }
}
