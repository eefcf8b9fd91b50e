import Glibc
import Reactor

/// What becomes of a trapped call.
package enum TrapDecision: Sendable, Equatable {
  /// It is made as the app wants.
  case proceed
  /// It fails with this errno.
  case refuse(Int32)
  /// It is made, to another address.
  case redirect(SocketAddress)
  /// It would be, and cannot: ENETUNREACH.
  case unreachable(TrapObstacle)
}

/// What a socket has that keeps it from loopback's IPv4, where we are.
package enum TrapObstacle: Sendable {
  /// It is bound to a network interface (SO_BINDTODEVICE).
  case device
  /// It is bound to an address of IPv6, or to all of them alone.
  case ipv6Only
}

/// Decides over the app's calls: a value, but for the tokens it gives out.
package struct TrapRules: Sendable {
  /// Sockets by which libc asks others than name servers. Refused, it asks DNS.
  private static let resolvers: Set<String> = [
    "/run/nscd/socket", "/var/run/nscd/socket", "/run/systemd/resolve/io.systemd.Resolve",
    "/run/avahi-daemon/socket", "/var/run/avahi-daemon/socket",
  ]
  private static let dnsPort: UInt16 = 53
  /// A sendto that opens its connection (tcp(7)).
  private static let fastOpen: UInt32 = 0x2000_0000

  private let tokens: TokenAddresses
  private let policy: OutboundTrafficPolicy
  private let capturePort: UInt16
  private let dnsUDP: SocketAddress
  private let dnsTCP: SocketAddress

  /// - Parameters:
  ///   - capturePort: of the socket that takes connections to tokens.
  ///   - dnsUDP: where questions are answered, on loopback; 0.0.0.0 for all addresses of it.
  package init(
    _ tokens: TokenAddresses, policy: OutboundTrafficPolicy, capturePort: UInt16, dnsUDP: SocketAddress,
    dnsTCP: SocketAddress
  ) {
    self.tokens = tokens
    self.policy = policy
    self.capturePort = capturePort
    self.dnsUDP = dnsUDP
    self.dnsTCP = dnsTCP
  }

  /// - Parameters:
  ///   - sendFlags: nil for a connect.
  ///   - socket: nil while it is not known.
  /// - Returns: nil where the socket has to be known.
  package func decide(
    _ address: TrappedAddress, sendFlags: UInt32? = nil, _ socket: TrappedSocket? = nil
  ) -> TrapDecision? {
    switch address {
    case .other: return .proceed
    case .unix(let path): return Self.resolvers.contains(path) ? .refuse(ECONNREFUSED) : .proceed
    case .ip(let destination, _):
      if isSurelyLocal(destination) { return .proceed }
      guard let socket else { return nil }
      if !socket.isInOurNetwork { return .proceed }
      let decision = decide(destination, sendFlags, socket.transport)
      if case .redirect = decision, let obstacle = socket.obstacle { return .unreachable(obstacle) }
      return decision
    }
  }

  private func decide(
    _ destination: SocketAddress, _ sendFlags: UInt32?, _ transport: TrappedSocket.Transport
  ) -> TrapDecision {
    switch transport {
    case .tcp: sendFlags.map { decideFastOpen($0) } ?? decideConnection(destination)
    case .udp where destination.port == Self.dnsPort: .redirect(resolver(for: destination))
    // Nothing can be sent to port 0: libc connects to it to learn its own address.
    case .udp where destination.port == 0 && sendFlags == nil: .proceed
    case .udp, .other: decideOther(destination)
    }
  }

  /// The memory of the process is closed to us: whatever it wants, it is not ours.
  package var decisionOnUnreadable: TrapDecision { policy == .allowAny ? .proceed : .refuse(ENETUNREACH) }

  /// Loopback is the host's, for the app as for anybody there.
  private func isSurelyLocal(_ destination: SocketAddress) -> Bool {
    isLocal(destination) && destination.port != Self.dnsPort && destination.port != capturePort
  }

  private func isLocal(_ destination: SocketAddress) -> Bool {
    destination.isLoopback || destination.ipBytes.allSatisfy { $0 == 0 }
  }

  /// Each that is asked has a token, by which whoever looks is told where the answer comes from. One of loopback's answers
  /// itself: nobody needs to be told.
  private func resolver(for destination: SocketAddress) -> SocketAddress {
    if dnsUDP.ipBytes != [0, 0, 0, 0] { return dnsUDP }
    if destination.isLoopback, destination.family == AF_INET { return destination.with(port: dnsUDP.port) }
    return tokens.token(for: destination, port: dnsUDP.port)
  }

  /// Who was asked by a socket that is connected to this address; nil where that is none of ours.
  package func asked(_ peer: SocketAddress) -> SocketAddress? {
    peer.port == dnsUDP.port ? tokens.destination(of: peer) : nil
  }

  private func decideConnection(_ destination: SocketAddress) -> TrapDecision {
    if destination.port == Self.dnsPort { return .redirect(dnsTCP) }
    if !isLocal(destination) { return .redirect(tokens.token(for: destination, port: capturePort)) }
    // A token may stand in the app's memory since an earlier connect.
    return tokens.destination(of: destination) == nil ? .refuse(ECONNREFUSED) : .proceed
  }

  /// Who cannot open a connection by sending opens it by connect. On a connection the address does not count.
  private func decideFastOpen(_ flags: UInt32) -> TrapDecision {
    flags & Self.fastOpen == 0 ? .proceed : .refuse(EOPNOTSUPP)
  }

  private func decideOther(_ destination: SocketAddress) -> TrapDecision {
    policy == .allowAny || isLocal(destination) ? .proceed : .refuse(ENETUNREACH)
  }
}
