/// The TCP sockets that listen in a process's network namespace, as the kernel lists them (/proc/PID/net/tcp and tcp6).
struct ListeningSockets: Equatable {
  struct Address: Hashable {
    /// 4 or 16, in network order.
    let bytes: [UInt8]
    let port: UInt16

    /// 127.0.0.0/8, also written as an IPv6 address, or ::1.
    var isLoopback: Bool {
      if bytes.count == 4 { return bytes[0] == 127 }
      let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10...11].allSatisfy { $0 == 0xff }
      return isMapped ? bytes[12] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
    }

    /// Whether who connects to 127.0.0.1 comes here: to that address, or to all of a family.
    var isReachedByLoopback: Bool {
      bytes.allSatisfy { $0 == 0 } || (isLoopback && bytes.suffix(4) == [127, 0, 0, 1])
    }
  }

  private static let listening = "0A"

  private(set) var addresses: Set<Address> = []

  /// - Returns: nil where the process is gone.
  static func of(process pid: Int32) -> ListeningSockets? {
    guard let ipv4 = SmallFile.read("/proc/\(pid)/net/tcp") else { return nil }
    return ListeningSockets(ipv4 + (SmallFile.read("/proc/\(pid)/net/tcp6") ?? ""))
  }

  /// - Parameter text: lines of `number: ADDRESS:PORT ADDRESS:PORT STATE …`, all hexadecimal.
  init(_ text: String) {
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 4)
      guard words.count > 3, words[3] == Self.listening, let address = Self.address(words[1]) else { continue }
      addresses.insert(address)
    }
  }

  /// Where somebody listens on a port.
  func addresses(port: UInt16) -> Set<Address> { addresses.filter { $0.port == port } }

  /// An address is written in words of 32 bits, each as the machine reads it.
  private static func address(_ text: Substring) -> Address? {
    let parts = text.split(separator: ":")
    guard parts.count == 2, [8, 32].contains(parts[0].utf8.count), let port = UInt16(parts[1], radix: 16) else {
      return nil
    }
    var (bytes, rest): ([UInt8], Substring) = ([], parts[0])
    while !rest.isEmpty {
      guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
      bytes += withUnsafeBytes(of: word) { Array($0) }
      rest = rest.dropFirst(8)
    }
    return Address(bytes: bytes, port: port)
  }
}
