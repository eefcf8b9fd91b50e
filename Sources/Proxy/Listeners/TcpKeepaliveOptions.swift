import CLinux
import EnvoyConfig
import Glibc
import Reactor

/// `tcp_keepalive`, applied to a socket; what is absent stays the system's.
struct TcpKeepaliveOptions: Sendable {
  private let config: TcpKeepalive

  init(_ config: TcpKeepalive) { self.config = config }

  func apply(to socket: Int32) {
    Sockets.set(socket, SOL_SOCKET, SO_KEEPALIVE, 1)
    if let probes = config.keepaliveProbes { set(socket, TCP_KEEPCNT, probes) }
    if let time = config.keepaliveTime { set(socket, TCP_KEEPIDLE, time) }
    if let interval = config.keepaliveInterval { set(socket, TCP_KEEPINTVL, interval) }
  }

  private func set(_ socket: Int32, _ option: Int32, _ value: UInt32) {
    Sockets.set(socket, Int32(IPPROTO_TCP), option, Int32(clamping: value))
  }
}
