import CLinux
import Glibc

/// This machine's own address: what Envoy appends to x-forwarded-for in place of a loopback one.
package enum LocalAddress {
  /// The first IPv4 address of an interface that is up and no loopback; empty where there is none.
  package static var text: [UInt8] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return [] }
    defer { freeifaddrs(list) }
    var entry = list
    while let interface = entry?.pointee {
      if let address = address(of: interface), !address.isLoopback { return Array(address.host.utf8) }
      entry = interface.ifa_next
    }
    return []
  }

  private static func address(of interface: ifaddrs) -> SocketAddress? {
    guard let raw = interface.ifa_addr, Int32(raw.pointee.sa_family) == AF_INET else { return nil }
    var storage = sockaddr_storage()
    withUnsafeMutableBytes(of: &storage) {
      $0.copyMemory(from: UnsafeRawBufferPointer(start: raw, count: MemoryLayout<sockaddr_in>.size))
    }
    return SocketAddress(&storage, length: socklen_t(MemoryLayout<sockaddr_in>.size))
  }
}
