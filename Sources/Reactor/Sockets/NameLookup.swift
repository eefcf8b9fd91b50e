import CLinux
import Glibc

/// The host's resolver as any program there meets it (getaddrinfo(3): /etc/hosts, nsswitch, DNS). It waits for answers, so
/// it is asked on threads of its own.
package enum NameLookup {
  /// Why there is no answer: one of getaddrinfo's EAI_ numbers.
  package struct Failure: Error {
    package let code: Int32

    package var text: String { String(cString: gai_strerror(code)) }
  }

  /// The addresses of a name, without a port, each once, in the resolver's order.
  /// - Parameter family: AF_INET, AF_INET6 or AF_UNSPEC for both.
  package static func addresses(of name: String, family: Int32) throws(Failure) -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_family = family
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(name, nil, &hints, &list)
    guard code == 0 else { throw Failure(code: code) }
    defer { freeaddrinfo(list) }
    var found: [SocketAddress] = []
    var entry = list
    while let info = entry?.pointee {
      if let address = address(of: info), !found.contains(address) { found.append(address) }
      entry = info.ai_next
    }
    return found
  }

  private static func address(of info: addrinfo) -> SocketAddress? {
    guard let raw = info.ai_addr, Int(info.ai_addrlen) <= MemoryLayout<sockaddr_storage>.size else { return nil }
    var storage = sockaddr_storage()
    withUnsafeMutableBytes(of: &storage) {
      $0.copyMemory(from: UnsafeRawBufferPointer(start: raw, count: Int(info.ai_addrlen)))
    }
    return SocketAddress(&storage, length: info.ai_addrlen)
  }
}
