import Proxy
import Reactor

/// What of the host's loopback an app may use that has a loopback of its own: the proxy's own listeners and its admin interface,
/// each at its very address, and ports of 127.0.0.1.
struct LoopbackPlaces: Sendable {
  /// The proxy's listeners for what goes out.
  private let listeners: Set<SocketAddress>
  private let admin: SocketAddress?
  /// Ports of 127.0.0.1 behind which somebody is, or may be.
  private let hostPorts: Set<UInt16>
  /// All ports: what comes to the proxy of the app's own addresses. A rule knows no more than ports: at another address than ours
  /// such a connection is reset, unless the app itself listens there, and the kernel can be asked for that (`tproxy`).
  let ports: [UInt16]

  /// - Parameters:
  ///   - listeners: with a port, and an address of loopback or none.
  ///   - admin: the same.
  ///   - hostPorts: those that the user asked for.
  init(listeners: Set<SocketAddress>, admin: SocketAddress?, hostPorts: [UInt16]) {
    self.listeners = listeners
    self.admin = admin
    let own = listeners.union(admin.map { [$0] } ?? [])
    self.hostPorts = Set(own.filter(\.isReachedByLocalhost).map(\.port) + hostPorts)
    ports = Set(own.map(\.port) + hostPorts).subtracting([0]).sorted()
  }

  enum Decision: Equatable {
    /// A listener of ours has this address.
    case listener
    /// It is the host's.
    case host(SocketAddress)
    case none
  }

  /// - Parameters:
  ///   - destination: an address of the app's own machine.
  ///   - opensAllPorts: somebody listens at 127.0.0.1 on every port that comes here.
  func decide(_ destination: SocketAddress, opensAllPorts: Bool) -> Decision {
    if listeners.contains(destination) { return .listener }
    if let any = SocketAddress.any(like: destination), listeners.contains(any) { return .listener }
    if destination == admin { return .host(destination) }
    guard opensAllPorts || hostPorts.contains(destination.port) else { return .none }
    // Who says localhost may mean ::1.
    return SocketAddress(ip: "127.0.0.1", port: destination.port).map { .host($0) } ?? .none
  }
}

extension SocketAddress {
  /// Whether who connects to 127.0.0.1 comes to a socket that is bound to it.
  fileprivate var isReachedByLocalhost: Bool {
    ipBytes.allSatisfy { $0 == 0 } || self == SocketAddress(ip: "127.0.0.1", port: port)
  }
}
