import CPillionNS
import Glibc
import Reactor

/// What a trapped call lets us see and do in the process that made it. All of it may be another's by the time it is
/// used, until ``TrapNotifications/isValid(_:)`` has said that the call still waits.
struct TrappedProcess {
  let call: pl_ns_call

  init(_ call: pl_ns_call) { self.call = call }

  /// The address of the call.
  /// - Throws: EPERM where the process' memory is closed to us.
  func address() throws(SystemError) -> TrappedAddress {
    let length = Int(call.length)
    // The kernel refuses what is longer; no address is what sendto may have.
    guard call.address != 0, length >= 2, length <= TrappedAddress.limit else { return .other }
    var bytes = [UInt8](repeating: 0, count: length)
    let count = pl_ns_read_memory(call.task, call.address, &bytes, length)
    if count < 0, count != -Int(EFAULT) { throw SystemError("process_vm_readv", code: Int32(-count)) }
    return count == length ? TrappedAddress(bytes, isSent: call.kind != PL_NS_CONNECT) : .other
  }

  /// One of the messages of a sendmsg.
  func message(_ index: UInt32) throws(SystemError) -> TrappedProcess {
    var message = pl_ns_call()
    let code = withUnsafePointer(to: call) { pl_ns_read_message($0, index, &message) }
    if code != 0 { throw SystemError("process_vm_readv", code: code) }
    return TrappedProcess(message)
  }

  /// Puts another address in its place, which the process finds there from then on.
  func rewrite(_ address: SocketAddress, isIPv6: Bool) throws(SystemError) {
    let bytes = TrappedAddress.bytes(of: address, isIPv6: isIPv6)
    let count = pl_ns_write_memory(call.task, call.address, bytes, bytes.count)
    if count != bytes.count { throw SystemError("process_vm_writev", code: count < 0 ? Int32(-count) : EFAULT) }
  }

  /// The socket itself.
  /// - Throws: EPERM where a container denies it.
  func takeSocket() throws(SystemError) -> Descriptor {
    let number = pl_ns_open_process(call.task)
    if number < 0 { throw SystemError("pidfd_open", code: -number) }
    let process = Descriptor(number)
    let socket = pl_ns_take_descriptor(process.number, call.socket)
    if socket < 0 { throw SystemError("pidfd_getfd", code: -socket) }
    return Descriptor(socket)
  }

  /// What is known of the socket without taking it.
  func describeSocket() -> TrappedSocket {
    var name = [CChar](repeating: 0, count: 64)
    let code = pl_ns_protocol_name(call.task, call.socket, &name, name.count)
    let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return TrappedSocket(
      code == 0 ? TrappedSocket.transport(named: text) : .other, isInOurNetwork: pl_ns_shares_network(call.task))
  }
}

extension TrappedSocket {
  /// - Parameter network: the cookie of our own.
  /// - Returns: nil for a descriptor that is no socket.
  init?(_ descriptor: borrowing Descriptor, network: UInt64) {
    var facts = pl_ns_socket()
    guard pl_ns_inspect_socket(descriptor.number, &facts) == 0 else { return nil }
    self.init(
      Self.transport(ofProtocol: facts.protocol), isInOurNetwork: facts.network == network,
      obstacle: facts.has_device ? .device : facts.is_ipv6_only ? .ipv6Only : nil)
  }
}
