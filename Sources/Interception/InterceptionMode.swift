import Reactor

/// How the app's connections come to the proxy (`--intercept`).
package enum InterceptionMode: String, Sendable, CaseIterable {
  /// The best that this machine allows.
  case auto
  /// A network namespace of the app's own.
  case namespace
  /// seccomp user notification.
  case trap
  /// HTTP_PROXY and ports of loopback.
  case explicit
  /// Rules of the host's, which root lays.
  case rootful
  /// Not at all: the app runs beside the proxy, on the host.
  case off

  /// Those to be tried, one after the other. Some wishes only a namespace can fulfil; and `explicit` could not keep an app
  /// from going elsewhere.
  func rungs(_ options: Interception.Options) -> ArraySlice<InterceptionMode> {
    if self != .auto { return [self] }
    if options.variant != nil || options.udp == .relay { return [.namespace] }
    return options.outbound == .registryOnly ? [.namespace, .trap] : [.namespace, .trap, .explicit]
  }

  /// Nil where nothing is captured.
  /// - Throws: there is no port of loopback left.
  func makeCapture(_ options: Interception.Options) throws(SystemError) -> (any Capture)? {
    switch self {
    case .auto, .namespace:
      NamespaceCapture(
        variant: options.variant, relaysDatagrams: options.udp == .relay, followsHostPorts: options.followsHostPorts)
    case .explicit: try ExplicitCapture(options.variables)
    case .rootful: RootfulCapture(options.outbound)
    case .trap: TrapCapture(options.outbound)
    case .off: nil
    }
  }
}

/// How connections are captured in a namespace (`--intercept-variant`), the best first.
package enum NamespaceVariant: String, Sendable, CaseIterable {
  /// By a rule that hands each connection to the proxy's socket, with the destination as that socket's own address.
  case tproxy
  /// The same where the kernel cannot say who listens (WSL2): ports of the host go before the app's own.
  case tproxyWithoutSocket = "tproxy-without-socket"
  /// By address translation.
  case redirect
  /// By sockets alone, at the ports that the configuration names.
  case anyip
}

/// What becomes of the app's datagrams (`--udp`), but for DNS.
package enum DatagramPolicy: String, Sendable, CaseIterable {
  /// The host sends them on, and what is answered.
  case relay
  /// The app finds nobody there.
  case refuse
}

/// What becomes of names and addresses that the configuration does not know (`--outbound`), in Istio's words.
package enum OutboundTrafficPolicy: String, Sendable, CaseIterable {
  /// They are the host's.
  case allowAny = "allow-any"
  /// There is no such name, and connections are reset.
  case registryOnly = "registry-only"
}
