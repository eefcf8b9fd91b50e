import CLinux
import CPillionNS
import Glibc
import Reactor

/// The address of a trapped call, as the process has it in its memory.
package enum TrappedAddress: Sendable, Equatable {
  /// `isIPv6`: in the form of IPv6, in which an IPv4 address may stand as well.
  case ip(SocketAddress, isIPv6: Bool)
  /// A file's.
  case unix(path: String)
  /// Of another family, or none that the kernel would take.
  case other

  /// Bytes that the longest of them has, sockaddr_storage.
  package static let limit = 128

  /// - Parameters:
  ///   - bytes: a sockaddr and no more.
  ///   - isSent: something is sent there. Then one of no family is of IPv4, as the kernel takes it; to connect there is to
  ///     be no longer connected.
  package init(_ bytes: [UInt8], isSent: Bool = false) {
    guard bytes.count >= 2, bytes.count <= MemoryLayout<sockaddr_storage>.size else {
      self = .other
      return
    }
    var storage = sockaddr_storage()
    withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: bytes) }
    if isSent, Int32(storage.ss_family) == AF_UNSPEC { storage.ss_family = sa_family_t(AF_INET) }
    let address = SocketAddress(&storage, length: socklen_t(bytes.count))
    switch Int32(storage.ss_family) {
    case AF_INET where bytes.count >= Self.size(isIPv6: false): self = .ip(address, isIPv6: false)
    case AF_INET6 where bytes.count >= Self.size(isIPv6: true): self = .ip(address, isIPv6: true)
    case AF_UNIX: self = address.unixPath.map { .unix(path: $0) } ?? .other
    default: self = .other
    }
  }

  /// Bytes that the kernel needs of one: for IPv6 without the scope (RFC 2133).
  package static func size(isIPv6: Bool) -> Int { isIPv6 ? 24 : 16 }

  /// Another in the same form, as the process would have written it.
  package static func bytes(of address: SocketAddress, isIPv6: Bool) -> [UInt8] {
    form(of: address, isIPv6: isIPv6).withSockaddr { raw, length in
      let whole = UnsafeRawBufferPointer(start: raw, count: Int(length))
      return Array(whole.prefix(size(isIPv6: isIPv6)))
    }
  }

  /// An IPv4 address as a socket of that family takes it.
  package static func form(of address: SocketAddress, isIPv6: Bool) -> SocketAddress {
    guard isIPv6, address.family == AF_INET else { return address }
    return SocketAddress(ip: "::ffff:\(address.host)", port: address.port) ?? address
  }
}

/// The socket of a trapped call.
package struct TrappedSocket: Sendable, Equatable {
  package enum Transport: Sendable, Equatable { case tcp, udp, other }

  package let transport: Transport
  /// A socket of another network namespace has another loopback.
  package let isInOurNetwork: Bool
  /// Why it cannot be pointed to our loopback; nil where it can, or that is not known.
  package let obstacle: TrapObstacle?

  package init(_ transport: Transport, isInOurNetwork: Bool = true, obstacle: TrapObstacle? = nil) {
    self.transport = transport
    self.isInOurNetwork = isInOurNetwork
    self.obstacle = obstacle
  }

  /// - Parameter number: IPPROTO_….
  package static func transport(ofProtocol number: Int32) -> Transport {
    switch number {
    case Int32(IPPROTO_TCP), 262 /* IPPROTO_MPTCP */: .tcp
    case Int32(IPPROTO_UDP), Int32(IPPROTO_UDPLITE): .udp
    default: .other
    }
  }

  /// - Parameter name: the kernel's, as /proc has it.
  package static func transport(named name: String) -> Transport {
    switch name {
    case "TCP", "TCPv6", "MPTCP", "MPTCPv6": .tcp
    case "UDP", "UDPv6", "UDP-Lite", "UDPLITEv6": .udp
    default: .other
    }
  }
}
