import CLinux
import Glibc

/// Tells when files change (inotify(7)), as Envoy's file system watcher does: a directory is watched, and what counts is
/// a name in it that something was moved to, or that was written. So a file that is replaced by a rename is seen again
/// and again, and the swap of a symbolic link by which Kubernetes replaces all files of a volume at once is seen too.
///
/// However many events a turn brings, each watch is told once.
package final class FileWatcher: EventHandler {
  package struct Events: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Something was moved to that name.
    package static let movedTo = Events(rawValue: 1)
    /// The file was written to.
    package static let modified = Events(rawValue: 2)
  }

  /// Names a watch to ``unwatch(_:)``.
  package struct Token: Hashable, Sendable { fileprivate let number: Int }

  private struct Watch {
    let directory: Int32
    /// Nil for anything in the directory.
    let name: String?
    let events: Events
    let changed: () -> Void
  }

  private let loop: EventLoop
  private let descriptor: Descriptor
  private var registration: Registration?
  private var watches: [Token: Watch] = [:]
  private var nextNumber = 0

  /// - Throws: the system has no inotify instance or descriptor left.
  package init(_ loop: EventLoop) throws(SystemError) {
    self.loop = loop
    descriptor = try Descriptor(
      checking: inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC)), "inotify_init1")
    super.init()
    registration = try loop.register(descriptor.number, self)
  }

  /// Watches nothing any more.
  package func close() {
    watches = [:]
    if let registration { loop.deregister(registration) }
    registration = nil
  }

  /// Calls `changed` on the loop after each change of `path`: a file, which need not be there yet, or with a slash at its
  /// end a directory, in which any name counts.
  /// - Throws: the directory cannot be watched.
  package func watch(
    _ path: String, _ events: Events = .movedTo, _ changed: @escaping () -> Void
  ) throws(SystemError) -> Token {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    let number = inotify_add_watch(descriptor.number, directory, UInt32(IN_MOVED_TO | IN_MODIFY))
    guard number >= 0 else { throw SystemError("inotify_add_watch") }
    nextNumber += 1
    let token = Token(number: nextNumber)
    watches[token] = Watch(directory: number, name: name.isEmpty ? nil : name, events: events, changed: changed)
    return token
  }

  package func unwatch(_ token: Token) {
    guard let watch = watches.removeValue(forKey: token) else { return }
    if watches.values.contains(where: { $0.directory == watch.directory }) { return }
    inotify_rm_watch(descriptor.number, watch.directory)
  }

  package override func ready(_ readiness: Readiness) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 * 1024, alignment: 8)
    defer { buffer.deallocate() }
    var due: Set<Token> = []
    while true {
      let count = read(descriptor.number, buffer.baseAddress, buffer.count)
      guard count > 0 else { break }
      collect(UnsafeRawBufferPointer(rebasing: buffer[0..<min(count, buffer.count)]), into: &due)
    }
    for token in due.sorted(by: { $0.number < $1.number }) { watches[token]?.changed() }
  }

  private func collect(_ bytes: UnsafeRawBufferPointer, into due: inout Set<Token>) {
    let header = MemoryLayout<inotify_event>.size
    var offset = 0
    while bytes.count - offset >= header {
      let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
      let end = min(bytes.count, offset + header + Int(event.len))
      let name = String(decoding: bytes[(offset + header)..<end].prefix { $0 != 0 }, as: UTF8.self)
      note(event, name, into: &due)
      offset = end
    }
  }

  private func note(_ event: inotify_event, _ name: String, into due: inout Set<Token>) {
    // The kernel had no room for all events: anything may have changed.
    if event.mask & UInt32(IN_Q_OVERFLOW) != 0 { return due.formUnion(watches.keys) }
    var events: Events = []
    if event.mask & UInt32(IN_MOVED_TO) != 0 { events.insert(.movedTo) }
    if event.mask & UInt32(IN_MODIFY) != 0 { events.insert(.modified) }
    for (token, watch) in watches where watch.directory == event.wd && !watch.events.isDisjoint(with: events) {
      if watch.name == nil || watch.name == name { due.insert(token) }
    }
  }
}
