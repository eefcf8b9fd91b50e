import CPillionNS
import Glibc
import Reactor

/// A recvfrom() that we make for the app, on its own socket.
extension TrappedProcess {
  enum Receipt: Equatable {
    case bytes(Int)
    /// errno.
    case failure(Int32)
    /// Nothing is there yet.
    case hasToWait
  }

  /// Of a datagram.
  private static let limit = 65_536

  /// - Parameter sender: what the app is told of where it comes from.
  func receive(_ socket: borrowing Descriptor, from sender: SocketAddress) -> Receipt {
    var facts = pl_ns_socket()
    let code = pl_ns_inspect_socket(socket.number, &facts)
    if code != 0 { return .failure(code) }
    var bytes = [UInt8](repeating: 0, count: Int(min(call.size, UInt64(Self.limit))))
    let count = recv(socket.number, &bytes, bytes.count, Int32(bitPattern: call.flags) | Int32(MSG_DONTWAIT))
    if count < 0 {
      let code = errno
      return code == EAGAIN && waits(socket) ? .hasToWait : .failure(code)
    }
    let address = TrappedAddress.form(of: sender, isIPv6: facts.family == AF_INET6).withSockaddr {
      Array(UnsafeRawBufferPointer(start: $0, count: Int($1)))
    }
    let isTold = write(Array(bytes.prefix(count)), to: call.buffer) && tell(address)
    return isTold ? .bytes(count) : .failure(EFAULT)
  }

  private func waits(_ socket: borrowing Descriptor) -> Bool {
    call.flags & UInt32(MSG_DONTWAIT) == 0 && fcntl(socket.number, F_GETFL) & O_NONBLOCK == 0
  }

  /// As much of it as there is room for, and how much it is.
  private func tell(_ address: [UInt8]) -> Bool {
    var room: UInt32 = 0
    let size = MemoryLayout<UInt32>.size
    guard pl_ns_read_memory(call.task, call.length_address, &room, size) == size else { return false }
    let length = withUnsafeBytes(of: UInt32(address.count)) { Array($0) }
    return write(Array(address.prefix(Int(room))), to: call.address) && write(length, to: call.length_address)
  }

  private func write(_ bytes: [UInt8], to address: UInt64) -> Bool {
    bytes.isEmpty || pl_ns_write_memory(call.task, address, bytes, bytes.count) == bytes.count
  }
}
