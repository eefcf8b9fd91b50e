import CLinux
import Glibc

/// An IPv4, IPv6 or Unix address.
package struct SocketAddress: Sendable, Hashable {
  private enum Kind: Sendable, Hashable {
    case ipv4(address: UInt32, port: UInt16)  // address in network order
    case ipv6(high: UInt64, low: UInt64, port: UInt16, scope: UInt32)  // halves in network order
    case unix(path: String)
    case unnamed
  }

  private let kind: Kind

  /// An IP address in its numeric form; nil for anything else.
  package init?(ip text: String, port: UInt16) {
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      kind = .ipv4(address: four.s_addr, port: port)
      return
    }
    var six = in6_addr()
    guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
    let halves = withUnsafeBytes(of: &six) {
      ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }
    kind = .ipv6(high: halves.0, low: halves.1, port: port, scope: 0)
  }

  /// - Parameter address: in the machine's order: 127 << 24 | 1 is 127.0.0.1.
  package init(ipv4 address: UInt32, port: UInt16) { kind = .ipv4(address: address.bigEndian, port: port) }

  /// A Unix socket; a path that begins with "@" is an abstract name. Nil where it is empty or too long for the kernel.
  package init?(unixPath: String) {
    guard !unixPath.isEmpty, unixPath.utf8.count < Int(pl_sun_path_size) else { return nil }
    kind = .unix(path: unixPath)
  }

  /// No address: what an unnamed socket has.
  package static let unspecified = SocketAddress(kind: .unnamed)

  /// Reads what the kernel filled in.
  package init(_ storage: UnsafePointer<sockaddr_storage>, length: socklen_t) {
    let raw = UnsafeRawPointer(storage)
    switch Int32(storage.pointee.ss_family) {
    case AF_INET:
      let address = raw.loadUnaligned(as: sockaddr_in.self)
      kind = .ipv4(address: address.sin_addr.s_addr, port: UInt16(bigEndian: address.sin_port))
    case AF_INET6:
      let address = raw.loadUnaligned(as: sockaddr_in6.self)
      let offset = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr) ?? 8
      let high = raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      let low = raw.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
      let port = UInt16(bigEndian: address.sin6_port)
      if high == 0, UInt64(bigEndian: low) >> 32 == 0xffff {
        // ::ffff:1.2.3.4 is what a socket for both families says of an IPv4 peer.
        kind = .ipv4(address: UInt32(truncatingIfNeeded: UInt64(bigEndian: low)).bigEndian, port: port)
      } else {
        kind = .ipv6(high: high, low: low, port: port, scope: address.sin6_scope_id)
      }
    case AF_UNIX where Int(length) > Int(pl_sun_path_offset):
      let bytes = UnsafeRawBufferPointer(
        start: raw + Int(pl_sun_path_offset), count: min(Int(length) - Int(pl_sun_path_offset), Int(pl_sun_path_size)))
      let abstract = bytes.first == 0
      let name = bytes.dropFirst(abstract ? 1 : 0).prefix { $0 != 0 }
      kind = .unix(path: (abstract ? "@" : "") + String(decoding: name, as: UTF8.self))
    default:
      kind = .unnamed
    }
  }

  package var family: Int32 {
    switch kind {
    case .ipv4: AF_INET
    case .ipv6: AF_INET6
    case .unix, .unnamed: AF_UNIX
    }
  }

  package var isIP: Bool { family != AF_UNIX }

  /// The path of a Unix socket ("@name" for an abstract one).
  package var unixPath: String? {
    if case .unix(let path) = kind { return path }
    return nil
  }

  /// 0 for Unix sockets.
  package var port: UInt16 {
    switch kind {
    case .ipv4(_, let port), .ipv6(_, _, let port, _): port
    case .unix, .unnamed: 0
    }
  }

  package func with(port: UInt16) -> SocketAddress {
    switch kind {
    case .ipv4(let address, _): SocketAddress(kind: .ipv4(address: address, port: port))
    case .ipv6(let high, let low, _, let scope):
      SocketAddress(kind: .ipv6(high: high, low: low, port: port, scope: scope))
    case .unix, .unnamed: self
    }
  }

  private init(kind: Kind) { self.kind = kind }

  /// The unspecified address of the same family, with the same port; nil for no IP address.
  package static func any(like address: SocketAddress) -> SocketAddress? {
    switch address.kind {
    case .ipv4(_, let port): SocketAddress(kind: .ipv4(address: 0, port: port))
    case .ipv6(_, _, let port, _): SocketAddress(kind: .ipv6(high: 0, low: 0, port: port, scope: 0))
    case .unix, .unnamed: nil
    }
  }

  /// 127.0.0.0/8 or ::1.
  package var isLoopback: Bool {
    switch kind {
    case .ipv4(let address, _): UInt32(bigEndian: address) >> 24 == 127
    case .ipv6(let high, let low, _, _): high == 0 && UInt64(bigEndian: low) == 1
    case .unix, .unnamed: false
    }
  }

  /// The address as two numbers, of which an IPv4 address fills the upper half of the first; nil for no IP address.
  package var ipHalves: (isIPv4: Bool, high: UInt64, low: UInt64)? {
    switch kind {
    case .ipv4(let address, _): (true, UInt64(UInt32(bigEndian: address)) << 32, 0)
    case .ipv6(let high, let low, _, _): (false, UInt64(bigEndian: high), UInt64(bigEndian: low))
    case .unix, .unnamed: nil
    }
  }

  /// The address bytes in network order: 4, 16, or none.
  package var ipBytes: [UInt8] {
    switch kind {
    case .ipv4(let address, _): withUnsafeBytes(of: address) { Array($0) }
    case .ipv6(let high, let low, _, _):
      withUnsafeBytes(of: high) { Array($0) } + withUnsafeBytes(of: low) { Array($0) }
    case .unix, .unnamed: []
    }
  }

  /// Calls `body` with the address as system calls take it.
  package func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var storage = sockaddr_storage()
    let length = withUnsafeMutableBytes(of: &storage) { fill($0) }
    return withUnsafePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }

  private func fill(_ raw: UnsafeMutableRawBufferPointer) -> socklen_t {
    switch kind {
    case .ipv4(let address, let port):
      var value = sockaddr_in()
      value.sin_family = sa_family_t(AF_INET)
      value.sin_addr.s_addr = address
      value.sin_port = port.bigEndian
      raw.storeBytes(of: value, as: sockaddr_in.self)
      return socklen_t(MemoryLayout<sockaddr_in>.size)
    case .ipv6(let high, let low, let port, let scope):
      var value = sockaddr_in6()
      value.sin6_family = sa_family_t(AF_INET6)
      value.sin6_port = port.bigEndian
      value.sin6_scope_id = scope
      raw.storeBytes(of: value, as: sockaddr_in6.self)
      let offset = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr) ?? 8
      raw.storeBytes(of: high, toByteOffset: offset, as: UInt64.self)
      raw.storeBytes(of: low, toByteOffset: offset + 8, as: UInt64.self)
      return socklen_t(MemoryLayout<sockaddr_in6>.size)
    case .unix(let path):
      raw.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
      let start = Int(pl_sun_path_offset)
      for (index, byte) in path.utf8.enumerated() { raw[start + index] = index == 0 && byte == 0x40 ? 0 : byte }
      let terminator = path.utf8.first == 0x40 ? 0 : 1
      return socklen_t(start + path.utf8.count + terminator)
    case .unnamed:
      raw.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
      return socklen_t(MemoryLayout<sa_family_t>.size)
    }
  }
}

extension SocketAddress: CustomStringConvertible {
  /// The address without its port, as Envoy prints it: "127.0.0.1", "::1", a path.
  package var host: String {
    switch kind {
    case .ipv4(var address, _):
      return Self.print(AF_INET, &address, INET_ADDRSTRLEN)
    case .ipv6(let high, let low, _, _):
      var halves = (high, low)
      return Self.print(AF_INET6, &halves, INET6_ADDRSTRLEN)
    case .unix(let path): return path
    case .unnamed: return ""
    }
  }

  /// "127.0.0.1:80", "[::1]:80", a path.
  package var description: String {
    switch kind {
    case .ipv4(_, let port): "\(host):\(port)"
    case .ipv6(_, _, let port, _): "[\(host)]:\(port)"
    case .unix, .unnamed: host
    }
  }

  private static func print(_ family: Int32, _ address: UnsafeRawPointer, _ size: Int32) -> String {
    var text = [CChar](repeating: 0, count: Int(size))
    guard inet_ntop(family, address, &text, socklen_t(size)) != nil else { return "" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
