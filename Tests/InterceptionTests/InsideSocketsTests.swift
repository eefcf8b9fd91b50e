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
}
