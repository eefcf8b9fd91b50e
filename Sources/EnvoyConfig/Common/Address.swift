/// `envoy.config.core.v3.Address`.
package enum Address: Sendable, Hashable {
  case socketAddress(SocketAddress)
  case pipe(Pipe)
}

/// `envoy.config.core.v3.SocketAddress` over TCP.
package struct SocketAddress: Sendable, Hashable {
  /// A literal IPv4 or IPv6 address; in an endpoint of a STRICT_DNS cluster, a host name.
  package var address = ""
  package var portValue: UInt16 = 0
  /// Whether an IPv6 listener also takes IPv4 connections.
  package var ipv4Compat = false

  package init() {}
  package init(address: String, portValue: UInt16, ipv4Compat: Bool = false) {
    self.address = address
    self.portValue = portValue
    self.ipv4Compat = ipv4Compat
  }
}

/// `envoy.config.core.v3.Pipe`: a Unix socket. A path that starts with `@` is in the abstract name space.
package struct Pipe: Sendable, Hashable {
  package var path = ""
  /// The file mode of a listener's socket; 0 leaves what the umask makes.
  package var mode: UInt32 = 0

  package init() {}
  package init(path: String, mode: UInt32 = 0) {
    self.path = path
    self.mode = mode
  }
}

/// `envoy.config.core.v3.CidrRange`.
package struct CidrRange: Sendable, Hashable {
  package var addressPrefix = ""
  package var prefixLen: UInt32 = 0

  package init() {}
}

/// `envoy.config.core.v3.TcpKeepalive`; what is absent is the system's.
package struct TcpKeepalive: Sendable, Hashable {
  package var keepaliveProbes: UInt32?
  /// Seconds of silence before the first probe.
  package var keepaliveTime: UInt32?
  /// Seconds between probes.
  package var keepaliveInterval: UInt32?

  package init() {}
}
