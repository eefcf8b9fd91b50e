import Glibc
import Reactor

/// Asks the system's resolver (getaddrinfo(3): /etc/hosts, nsswitch, DNS) on threads of its own, so that no loop waits.
final class DNSResolver {
  /// Names looked up at the same time; a resolver that does not answer holds up one of them.
  private static let threads = 4

  enum Family: Sendable {
    case auto, v4Only, v6Only, v4Preferred, all
  }

  enum Answer: Sendable {
    case addresses([SocketAddress])
    /// The name has none, or the resolver failed: its words.
    case failure(String)
  }

  private let queue = WorkQueue(name: "dns", threads: DNSResolver.threads)
  private let main: Mailbox<MainLoop>

  init(answeringTo main: Mailbox<MainLoop>) { self.main = main }

  /// Looks the name up; `answer` is called on the main loop.
  func resolve(
    _ name: String, port: UInt16, family: Family, _ answer: @escaping @Sendable (MainLoop, Answer) -> Void
  ) throws(SystemError) {
    let main = main
    try queue.post {
      let result = Self.lookUp(name, port: port, family: family)
      main.post { answer($0, result) }
    }
  }

  private static func lookUp(_ name: String, port: UInt16, family: Family) -> Answer {
    switch family {
    case .v4Only: ask(name, port, AF_INET)
    case .v6Only: ask(name, port, AF_INET6)
    case .all: ask(name, port, AF_UNSPEC)
    case .auto: firstFound(ask(name, port, AF_INET6)) { ask(name, port, AF_INET) }
    case .v4Preferred: firstFound(ask(name, port, AF_INET)) { ask(name, port, AF_INET6) }
    }
  }

  private static func firstFound(_ first: Answer, _ second: () -> Answer) -> Answer {
    if case .addresses = first { return first }
    return second()
  }

  private static func ask(_ name: String, _ port: UInt16, _ family: Int32) -> Answer {
    do throws(NameLookup.Failure) {
      let found = try NameLookup.addresses(of: name, family: family)
      return found.isEmpty ? .failure("no address") : .addresses(found.map { $0.with(port: port) })
    } catch {
      return .failure(error.text)
    }
  }
}
