import CLinux
import Glibc
import Reactor

/// Asks the host's resolver: for addresses as any program there would (getaddrinfo(3)), for all else its name servers. On
/// threads of its own, since both wait.
final class HostResolver: Sendable {
  /// Questions asked at the same time; one that is not answered holds up no other but for these.
  private static let threads = 8
  /// Seconds; getaddrinfo does not tell how long an answer holds.
  private static let timeToLive: UInt32 = 5
  /// Of a reply over TCP (RFC 1035 §4.2.2).
  private static let replySize = 65_535

  private let queue = WorkQueue(name: "names", threads: HostResolver.threads)

  /// The reply to a question; `answer` is called on one of the threads.
  /// - Parameter limit: bytes that it may have.
  func ask(
    _ question: DNSQuestion, limit: Int, _ answer: @escaping @Sendable ([UInt8]) -> Void
  ) throws(SystemError) {
    try queue.post {
      switch question.type {
      case DNSQuestion.RecordType.a: answer(Self.lookUp(question, AF_INET, limit))
      case DNSQuestion.RecordType.aaaa: answer(Self.lookUp(question, AF_INET6, limit))
      default: answer(Self.passOn(question, limit))
      }
    }
  }

  /// The first address of a name, IPv4 before IPv6, without a port; nil for none. `answer` is called on one of the threads.
  func address(of name: String, _ answer: @escaping @Sendable (SocketAddress?) -> Void) throws(SystemError) {
    try queue.post {
      let (_, ipv4) = Self.lookUp(name, AF_INET)
      let found = ipv4.isEmpty ? Self.lookUp(name, AF_INET6).addresses : ipv4
      answer(found.first)
    }
  }

  private static func lookUp(_ question: DNSQuestion, _ family: Int32, _ limit: Int) -> [UInt8] {
    let (code, found) = lookUp(question.name, family)
    if code != .noError { return DNSReply.make(code, to: question) }
    return DNSReply.make(addresses: found.map(\.ipBytes), timeToLive: timeToLive, to: question, limit: limit)
  }

  private static func lookUp(_ name: String, _ family: Int32) -> (code: DNSReply.Code, addresses: [SocketAddress]) {
    do throws(NameLookup.Failure) {
      // The app has been through its search list; a dot at the end keeps the host from going through its own.
      let found = try NameLookup.addresses(of: name.contains(".") ? name + "." : name, family: family)
      // Of another family are IPv4's addresses in IPv6's clothes.
      return (.noError, found.filter { $0.family == family })
    } catch {
      return (replyCode(of: error.code), [])
    }
  }

  private static func replyCode(of code: Int32) -> DNSReply.Code {
    switch code {
    case EAI_NONAME: .nameError
    // The name is there, without an address of this family.
    case pl_eai_nodata, pl_eai_addrfamily: .noError
    default: .serverFailure
    }
  }

  private static func passOn(_ question: DNSQuestion, _ limit: Int) -> [UInt8] {
    var reply = [UInt8](repeating: 0, count: replySize)
    let count = pl_res_send(question.message, Int32(question.message.count), &reply, Int32(reply.count))
    guard count >= 12, Int(count) <= reply.count else { return DNSReply.make(.serverFailure, to: question) }
    if Int(count) > limit { return DNSReply.truncated(question) }
    return Array(reply[..<Int(count)])
  }

  /// Whether the host has a default route of IPv6 (/proc/net/ipv6_route: destination and prefix length, 0 for all; the
  /// last word is the device).
  static func hostHasIPv6() -> Bool {
    guard let routes = SmallFile.read("/proc/net/ipv6_route") else { return false }
    return routes.split(separator: "\n").contains { line in
      let words = line.split(separator: " ")
      return words.count == 10 && words[1] == "00" && words[0].utf8.allSatisfy { $0 == 0x30 } && words[9] != "lo"
    }
  }
}
