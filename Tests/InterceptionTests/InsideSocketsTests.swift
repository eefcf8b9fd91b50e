import CPillionNS
import Glibc
import Reactor
import Testing

@testable import Interception

/// The agent's answers wait in the channel before they are asked for.
@Suite struct InsideSocketsTests {
  private func answer(_ channel: Int32, _ family: Int32, sockets: Int32, code: Int32 = 0) {
    var message = pl_ns_message()
    message.header = pl_ns_header(
      type: PL_NS_SOCKETS.rawValue, a: UInt32(sockets), b: UInt32(bitPattern: code),
      c: pl_ns_kind(family, Int32(SOCK_STREAM.rawValue)))
    let numbers = (0..<sockets).map { _ in socket(family, Int32(SOCK_STREAM.rawValue), 0) }
    #expect(pl_ns_send(channel, &message, numbers, numbers.count) == 0)
    for number in numbers { close(number) }
  }

  /// The code with which a connect fails; nil where it has begun.
  private func failure(_ pair: borrowing SocketPair) throws -> Int32? {
    let inside = InsideSockets(try Descriptor(checking: fcntl(pair.ours.number, F_DUPFD_CLOEXEC, 3), "dup"))
    let listener = try Descriptor(checking: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0), "socket")
    try #require(listen(listener.number, 8) == 0)
    let address = try #require(Sockets.localAddress(listener.number))
    do throws(SystemError) {
      _ = try inside.connect(to: address)
      return nil
    } catch {
      return error.code
    }
  }

  @Test func aLateAnswerOfTheOtherFamilyIsPassedOver() throws {
    let pair = try SocketPair()
    answer(pair.theirs.number, AF_INET6, sockets: 0, code: EAFNOSUPPORT)
    answer(pair.theirs.number, AF_INET, sockets: 1)
    #expect(try failure(pair) == nil)
  }

  @Test func theAgentsReasonIsTold() throws {
    let pair = try SocketPair()
    answer(pair.theirs.number, AF_INET, sockets: 0, code: EMFILE)
    #expect(try failure(pair) == EMFILE)
  }

  private func isAsked(_ channel: Int32) throws -> Bool {
    _ = fcntl(channel, F_SETFL, O_NONBLOCK)
    do throws(SystemError) {
      return try AgentMessage(from: channel)?.type == PL_NS_WANT_SOCKETS.rawValue
    } catch {
      return false
    }
  }

  @Test func moreAreAskedForBeforeThereAreNone() throws {
    let pair = try SocketPair()
    let theirs = pair.theirs.number
    let inside = InsideSockets(try Descriptor(checking: fcntl(pair.ours.number, F_DUPFD_CLOEXEC, 3), "dup"))
    inside.prepare()
    #expect(try isAsked(theirs))
    answer(theirs, AF_INET, sockets: 20)
    for _ in 0..<11 { _ = try? inside.stream() }
    #expect(try !isAsked(theirs))
    for _ in 0..<9 { _ = try? inside.stream() }
    #expect(try isAsked(theirs))
    #expect(try !isAsked(theirs))
  }

  /// One waits for a moment, those after it not at all.
  @Test func anAgentThatDoesNotAnswerHoldsUpNobody() throws {
    let pair = try SocketPair()
    let inside = InsideSockets(try Descriptor(checking: fcntl(pair.ours.number, F_DUPFD_CLOEXEC, 3), "dup"))
    let start = Clock.system.monotonicNanoseconds
    for _ in 0..<50 { #expect(throws: SystemError("socket", code: EAGAIN)) { _ = try inside.stream() } }
    #expect(Clock.system.monotonicNanoseconds - start < 500_000_000)
  }
}

extension InsideSockets {
  fileprivate func stream() throws(SystemError) -> Descriptor {
    try connect(to: SocketAddress(ipv4: 127 << 24 | 1, port: 9))
  }
}
