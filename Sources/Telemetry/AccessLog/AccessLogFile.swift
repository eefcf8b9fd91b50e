import Glibc
import Reactor

/// Envoy's `filesystem.` counters.
package enum FilesystemStat: UInt32, StatSet {
  case flushedByTimer, reopenFailed, writeBuffered, writeCompleted, writeFailed, writeTotalBuffered

  package static let definitions: [StatDefinition<FilesystemStat>] = [
    .counter(.flushedByTimer, "flushed_by_timer"), .counter(.reopenFailed, "reopen_failed"),
    .counter(.writeBuffered, "write_buffered"), .counter(.writeCompleted, "write_completed"),
    .counter(.writeFailed, "write_failed"), .gauge(.writeTotalBuffered, "write_total_buffered"),
  ]
}

/// A log file that all workers append lines to. Lines are gathered and written together; nobody ever waits for a slow
/// disk or reader: what cannot be written stays, up to a limit, and beyond it new lines are dropped and counted.
package final class AccessLogFile: Sendable {
  /// As Envoy's: written out as soon as so much waits.
  package static let flushSize = 64 << 10
  /// Kept for a reader that has stopped; what comes beyond is dropped.
  package static let limit = 1 << 20

  private struct State: ~Copyable {
    var output: OutputDescriptor
    var waiting: [UInt8] = []
    /// A line was cut and its rest is lost: what comes next begins on a line of its own.
    var endsTorn = false
    /// The reader is slow: tried again only by the timer, not by each line.
    var isStalled = false
  }

  package let path: String
  private let store: StatsStore
  private let stats: StatBlock<FilesystemStat>
  private let state: Locked<State>

  init(path: String, store: StatsStore) throws(OutputError) {
    self.path = path
    self.store = store
    stats = store.scope("filesystem.").block()
    state = Locked(State(output: try OutputDescriptor(path: path)))
  }

  deinit {
    flush()
  }

  /// Appends whole lines. The shard is the calling worker's.
  package func append(_ lines: ByteView, _ shard: StatsShard) {
    if lines.isEmpty { return }
    state.withLock { state in
      guard state.waiting.count + lines.count <= Self.limit else {
        shard.increment(stats[.writeFailed])
        return
      }
      state.waiting.append(contentsOf: lines.buffer)
      shard.increment(stats[.writeBuffered])
      shard.adjust(stats[.writeTotalBuffered], by: lines.count)
      if state.waiting.count >= Self.flushSize, !state.isStalled { write(&state) }
    }
  }

  /// Writes what waits, as far as it goes. Called by the timer, at the end, and before reopening.
  package func flush() {
    state.withLock { write(&$0) }
  }

  /// Opens the path anew, as after a log rotation. Goes on with the old file if that fails.
  package func reopen() {
    state.withLock { state in
      write(&state)
      do throws(OutputError) {
        state.output = try OutputDescriptor(path: path)
        state.endsTorn = false
      } catch {
        store.add(stats[.reopenFailed])
      }
    }
  }

  private func write(_ state: inout State) {
    let before = state.waiting.count
    guard before > 0 else { return }
    if state.endsTorn {
      state.waiting.insert(0x0a, at: 0)
      state.endsTorn = false
    }
    let result = state.waiting.withUnsafeBytes { state.output.write($0) }
    if result.hasFailed {
      state.endsTorn = result.written > 0 && state.waiting[result.written - 1] != 0x0a
      state.waiting.removeAll(keepingCapacity: true)
      store.add(stats[.writeFailed])
    } else {
      state.waiting.removeFirst(result.written)
      if result.written > 0 { store.add(stats[.writeCompleted]) }
    }
    state.isStalled = !state.waiting.isEmpty
    store.adjust(stats[.writeTotalBuffered], by: state.waiting.count - before)
  }

  func countTimerFlush() {
    store.add(stats[.flushedByTimer])
  }
}

/// All access log files of a proxy; a path is opened once, however many logs name it.
package final class AccessLogFiles: Sendable {
  private let store: StatsStore
  private let files = Locked<[String: AccessLogFile]>([:])

  package init(store: StatsStore) {
    self.store = store
    _ = store.scope("filesystem.").block(FilesystemStat.self)
  }

  /// The file of a path ("/dev/stdout" and "/dev/stderr" too), opened if it was not yet.
  package func open(_ path: String) throws(OutputError) -> AccessLogFile {
    try files.withLock { files throws(OutputError) in
      if let file = files[path] { return file }
      let file = try AccessLogFile(path: path, store: store)
      files[path] = file
      return file
    }
  }

  /// Called each 10 s (Envoy's --file-flush-interval-msec).
  package func flushByTimer() {
    for file in all {
      file.flush()
      file.countTimerFlush()
    }
  }

  /// Called at the end.
  package func flush() {
    for file in all { file.flush() }
  }

  /// Called on SIGUSR1.
  package func reopen() {
    for file in all { file.reopen() }
  }

  private var all: [AccessLogFile] {
    files.withLock { Array($0.values) }
  }
}
