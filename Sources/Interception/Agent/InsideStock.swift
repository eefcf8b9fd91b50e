import CLinux
import CPillionNS
import Glibc
import Reactor

/// Sockets of the app's namespace by their kind, and the questions for more.
///
///     stocked --8 left--> asked, without waiting --answer--> stocked
///        \--none left--> asked, waiting 20 ms --no answer--> for a second nobody waits
struct InsideStock: ~Copyable {
  /// What a socket is made for: in the protocol one number.
  struct Kind: Hashable {
    let family: Int32
    let type: __socket_type

    fileprivate var number: UInt32 { pl_ns_kind(family, Int32(type.rawValue)) }
  }

  private struct Shelf {
    var sockets: [Int32] = []
    /// When more were asked for, while there is no answer yet.
    var askedAt: Int64?
    /// The agent's errno, where it has answered without any.
    var failure: Int32?
  }

  private static let batch: UInt32 = 32
  /// More are asked for once no more than so many are left.
  private static let lowWater = 8
  /// What late answers bring beyond it is closed.
  private static let limit = 64
  /// The agent answers in some 0.1 ms, unless it is gone or stopped.
  private static let patienceMilliseconds: Int32 = 20
  /// After that has been in vain, in nanoseconds.
  private static let impatience: Int64 = 1_000_000_000
  /// An answer that has not come by then is lost, in nanoseconds.
  private static let lostAfter: Int64 = 5_000_000_000

  private let channel: Descriptor
  /// By the number of their kind.
  private var shelves: [UInt32: Shelf] = [:]
  private var waitsFrom = Int64.min

  /// - Parameter channel: to the agent.
  init(_ channel: consuming Descriptor) {
    let number = channel.number
    _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK)
    self.channel = channel
  }

  deinit {
    for socket in shelves.values.flatMap(\.sockets) { close(socket) }
  }

  private static var now: Int64 { Clock.system.monotonicNanoseconds }

  /// - Throws: the agent's errno; EAGAIN where it does not answer.
  mutating func take(_ kind: Kind) throws(SystemError) -> Int32 {
    if shelves[kind.number]?.askedAt != nil { try readAnswers() }
    let socket = shelves[kind.number]?.sockets.popLast()
    if (shelves[kind.number]?.sockets.count ?? 0) <= Self.lowWater { ask(for: kind) }
    if let socket { return socket }
    try wait(for: kind)
    if let socket = shelves[kind.number]?.sockets.popLast() { return socket }
    throw SystemError("socket", code: shelves[kind.number]?.failure ?? EAGAIN)
  }

  /// Asks for more, unless that has been done.
  mutating func ask(for kind: Kind) {
    let now = Self.now
    if let askedAt = shelves[kind.number]?.askedAt, now - askedAt < Self.lostAfter { return }
    let request = AgentMessage(PL_NS_WANT_SOCKETS, a: Self.batch, b: UInt32(kind.family), c: kind.type.rawValue)
    // What cannot be sent is asked for again when the next is taken.
    guard (try? request.send(to: channel.number)) != nil else { return }
    shelves[kind.number, default: Shelf()].askedAt = now
    shelves[kind.number]?.failure = nil
  }

  private mutating func wait(for kind: Kind) throws(SystemError) {
    let start = Self.now
    guard start >= waitsFrom else { return }
    let end = start + Int64(Self.patienceMilliseconds) * 1_000_000
    var now = start
    while now < end {
      var waiting = pollfd(fd: channel.number, events: Int16(POLLIN), revents: 0)
      poll(&waiting, 1, Int32(truncatingIfNeeded: (end - now + 999_999) / 1_000_000))
      try readAnswers()
      guard let shelf = shelves[kind.number], shelf.sockets.isEmpty, shelf.failure == nil else { return }
      now = Self.now
    }
    waitsFrom = now + Self.impatience
  }

  /// Takes what has come.
  /// - Throws: the agent is gone.
  private mutating func readAnswers() throws(SystemError) {
    while true {
      do throws(SystemError) {
        guard let answer = try AgentMessage(from: channel.number) else {
          throw SystemError("socket", code: ECONNREFUSED)
        }
        take(answer)
      } catch {
        if error.code == EAGAIN { return }
        throw error
      }
    }
  }

  private mutating func take(_ answer: consuming AgentMessage) {
    let (code, kind, sockets) = (answer.b, answer.c, answer.takeDescriptors())
    var shelf = shelves[kind] ?? Shelf()
    shelf.askedAt = nil
    // Our own want of descriptors may have cut a whole answer's off.
    if sockets.isEmpty { shelf.failure = code == 0 ? EMFILE : Int32(bitPattern: code) }
    let room = Self.limit - shelf.sockets.count
    shelf.sockets += sockets.prefix(room)
    for socket in sockets.dropFirst(room) { close(socket) }
    shelves[kind] = shelf
  }
}
