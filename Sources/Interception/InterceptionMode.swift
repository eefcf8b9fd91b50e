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

  /// Those that Pillion does not have yet.
  package var isSupported: Bool {
    switch self {
    case .auto, .namespace, .off: true
    case .trap, .explicit, .rootful: false
    }
  }
}

/// What becomes of names and addresses that the configuration does not know (`--outbound`), in Istio's words.
package enum OutboundTrafficPolicy: String, Sendable, CaseIterable {
  /// They are the host's.
  case allowAny = "allow-any"
  /// There is no such name, and connections are reset.
  case registryOnly = "registry-only"
}
