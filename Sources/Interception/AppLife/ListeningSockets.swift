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

  private(set) var addresses: Set<Address> = []

  /// - Returns: nil where the process is gone.
  static func of(process pid: Int32) -> ListeningSockets? {
    var sockets = ListeningSockets()
    guard sockets.read("/proc/\(pid)/net/tcp") else { return nil }
    _ = sockets.read("/proc/\(pid)/net/tcp6")
    return sockets
  }

  private init() {}

  init(_ text: String) { for line in text.utf8.split(separator: UInt8(ascii: "\n")) { _ = take(Array(line)[...]) } }

  /// The kernel lists those that listen before all others, which may be many: nobody reads on after the first of these.
  /// - Returns: false for a file that cannot be read.
  private mutating func read(_ path: String) -> Bool {
    var (isWhole, hasHeader) = (true, false)
    return SmallFile.eachLine(of: path) { line in
      if hasHeader { isWhole = take(line) }
      hasHeader = true
      return isWhole
    }
  }

  /// Where somebody listens on a port.
  func addresses(port: UInt16) -> Set<Address> { addresses.filter { $0.port == port } }

  /// - Parameter line: `number: ADDRESS:PORT ADDRESS:PORT STATE …`, all hexadecimal.
  /// - Returns: whether it was that of a listening socket.
  private mutating func take(_ line: ArraySlice<UInt8>) -> Bool {
    let words = line.split(separator: UInt8(ascii: " "), maxSplits: 4)
    guard words.count > 3, words[3].elementsEqual("0A".utf8) else { return false }
    if let address = Self.address(words[1]) { addresses.insert(address) }
    return true
  }

  /// An address is written in words of 32 bits, each as the machine reads it.
  private static func address(_ text: ArraySlice<UInt8>) -> Address? {
    let parts = text.split(separator: UInt8(ascii: ":"))
    guard parts.count == 2, [8, 32].contains(parts[0].count), let port = number(parts[1]).flatMap(UInt16.init(exactly:))
    else { return nil }
    var (bytes, rest): ([UInt8], ArraySlice<UInt8>) = ([], parts[0])
    while !rest.isEmpty {
      guard let word = number(rest.prefix(8)) else { return nil }
      bytes += withUnsafeBytes(of: word) { Array($0) }
      rest = rest.dropFirst(8)
    }
    return Address(bytes: bytes, port: port)
  }

  /// Of at most eight hexadecimal digits.
  private static func number(_ digits: ArraySlice<UInt8>) -> UInt32? {
    guard digits.count <= 8 else { return nil }
    var value: UInt32 = 0
    for digit in digits {
      switch digit {
      case 0x30...0x39: value = value << 4 | UInt32(digit - 0x30)
      case 0x41...0x46: value = value << 4 | UInt32(digit - 0x41 + 10)
      default: return nil
      }
    }
    return value
  }
}
