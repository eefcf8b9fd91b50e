import Glibc
import Testing

@testable import Reactor

@Suite final class FileWatcherTests {
  private let loop: EventLoop
  private let watcher: FileWatcher
  private let directory: String
  private var seen: [String] = []

  init() throws {
    loop = try EventLoop()
    watcher = try FileWatcher(loop)
    var template = Array("/tmp/pillion-watch-XXXXXX".utf8CString)
    directory = mkdtemp(&template).map { String(cString: $0) } ?? "/nowhere"
  }

  deinit {
    watcher.close()
    loop.turn(waiting: false)
    for name in ["file", "new", "other"] { unlink("\(directory)/\(name)") }
    rmdir(directory)
  }

  private func write(_ name: String) {
    let file = open("\(directory)/\(name)", O_WRONLY | O_CREAT, 0o600)
    _ = "text".withCString { Glibc.write(file, $0, 4) }
    close(file)
  }

  private func move(_ from: String, _ to: String) { rename("\(directory)/\(from)", "\(directory)/\(to)") }

  private func watch(_ name: String, _ events: FileWatcher.Events, _ label: String) throws -> FileWatcher.Token {
    try watcher.watch("\(directory)/\(name)", events) { [unowned self] in seen.append(label) }
  }

  @Test func seesWhatIsMovedIntoPlace() throws {
    _ = try watch("file", .movedTo, "file")
    _ = try watch("", .movedTo, "directory")
    _ = try watch("other", .movedTo, "other")
    write("new")
    loop.turn(waiting: false)
    #expect(seen == [])
    move("new", "file")
    loop.turn(waiting: true)
    #expect(seen == ["file", "directory"])
    write("new")
    move("new", "file")
    loop.turn(waiting: true)
    #expect(seen == ["file", "directory", "file", "directory"])
  }

  @Test func seesWhatIsWritten() throws {
    _ = try watch("file", .modified, "file")
    write("file")
    write("file")
    loop.turn(waiting: true)
    #expect(seen == ["file"])
  }

  @Test func forgets() throws {
    let token = try watch("file", .movedTo, "file")
    let other = try watch("", .movedTo, "directory")
    watcher.unwatch(token)
    write("new")
    move("new", "file")
    loop.turn(waiting: true)
    #expect(seen == ["directory"])
    watcher.unwatch(other)
    write("new")
    move("new", "file")
    loop.turn(waiting: false)
    #expect(seen == ["directory"])
  }

  @Test func saysWhatItCannotWatch() {
    #expect(throws: SystemError.self) { try watcher.watch("/nowhere/file") {} }
  }
}
