import CLinux
import CPillionNS
import Glibc
import Logging
import Proxy
import Reactor

/// Carries the app's datagrams, but for DNS, to where they were to go, and what comes back to the app: on the main loop, no
/// listener sees them. The first of a flow comes to the capture socket, all others to the flow's own.
package final class UDPRelay: EventHandler {
  /// Two descriptors each. Beyond it the one that has been silent for longest goes.
  private static let flowLimit = 256
  /// Datagrams taken in one turn before others get theirs.
  private static let datagramsPerTurn = 64
  private static let bufferSize = 65_535

  let loop: EventLoop
  private let log: Logger
  private var hasReachedLimit = false
  let sockets: InsideSockets
  let buffer: UnsafeMutableRawBufferPointer
  private let policy: any CapturePolicy
  private let addresses: VirtualAddresses
  private let capture: Descriptor
  private var registration: Registration?
  private let mailbox: Mailbox<UDPRelay>
  private var attachment: Registration?
  private var flows: [UDPFlow.Key: UDPFlow] = [:]

  /// - Parameters:
  ///   - capture: the socket inside that has the datagrams of flows without one.
  ///   - policy: the same that decides over connections.
  init(
    _ loop: EventLoop, _ log: Logger, capture: consuming Descriptor, _ sockets: InsideSockets,
    _ policy: any CapturePolicy,
    _ addresses: VirtualAddresses
  ) throws(SystemError) {
    self.loop = loop
    self.log = log
    self.sockets = sockets
    self.policy = policy
    self.addresses = addresses
    self.capture = capture
    buffer = .allocate(byteCount: Self.bufferSize, alignment: 16)
    do throws(SystemError) {
      mailbox = try Mailbox()
    } catch {
      buffer.deallocate()
      throw error
    }
    super.init()
    attachment = try mailbox.attach(to: loop, self)
    registration = try loop.register(self.capture.number, self)
  }

  deinit { buffer.deallocate() }

  /// The app is gone.
  func close() {
    if let registration { loop.unwatch(registration, capture.number) }
    registration = nil
    if let attachment { mailbox.detach(attachment, from: loop) }
    attachment = nil
    for flow in flows.values { flow.close() }
    flows = [:]
  }

  // MARK: First datagrams

  package override func ready(_ readiness: Readiness) { receive() }

  package override func runLater() { receive() }

  private func receive() {
    for _ in 0..<Self.datagramsPerTurn {
      guard registration != nil else { return }
      var flow = pl_ns_flow()
      let count = pl_ns_receive_redirected(capture.number, buffer.baseAddress, buffer.count, &flow)
      guard count >= 0, count <= buffer.count else { return }
      guard let key = UDPFlow.Key(&flow) else { continue }
      received(UnsafeRawBufferPointer(rebasing: buffer[..<count]), key)
    }
    loop.later(self)
  }

  /// A datagram of the app's that came to no socket of its flow.
  func received(_ datagram: UnsafeRawBufferPointer, _ key: UDPFlow.Key) {
    if let flow = flows[key] { return flow.sendOut(datagram) }
    switch policy.decide(key.destination) {
    case .serve where addresses.name(of: key.destination) == nil:
      begin(key, datagram, to: key.destination)
    case .hand(_, let destination): begin(key, datagram, to: destination)
    case .resolve(let name): begin(key, datagram, toHostNamed: name)
    // What is routed here is routed over TCP, which clients go back to.
    case .serve, .reset: break
    }
  }

  private func begin(_ key: UDPFlow.Key, _ datagram: UnsafeRawBufferPointer, to address: SocketAddress) {
    let flow = add(key)
    flow.sendOut(datagram)
    open(flow, to: address)
  }

  private func begin(_ key: UDPFlow.Key, _ datagram: UnsafeRawBufferPointer, toHostNamed name: String) {
    add(key).sendOut(datagram)
    let mailbox = mailbox
    policy.resolve(name) { address in mailbox.post { $0.resolved(key, address) } }
  }

  private func resolved(_ key: UDPFlow.Key, _ address: SocketAddress?) {
    guard let flow = flows[key], !flow.isOpen else { return }
    if let address { open(flow, to: address.with(port: key.destination.port)) } else { end(flow) }
  }

  private func open(_ flow: UDPFlow, to address: SocketAddress) {
    do throws(SystemError) {
      try flow.open(to: address)
    } catch {
      end(flow)
    }
  }

  private func add(_ key: UDPFlow.Key) -> UDPFlow {
    if flows.count >= Self.flowLimit, let oldest = flows.values.min(by: { $0.lastActivity < $1.lastActivity }) {
      tellLimit()
      end(oldest)
    }
    let flow = UDPFlow(self, key)
    flows[key] = flow
    return flow
  }

  private func tellLimit() {
    if hasReachedLimit { return }
    hasReachedLimit = true
    log.warning(
      "more than \(Self.flowLimit) flows of UDP are relayed at a time: from now on each that begins ends the one that has been silent for longest"
    )
  }

  func end(_ flow: UDPFlow) {
    if flows[flow.key] === flow { flows[flow.key] = nil }
    flow.close()
  }
}

extension UDPFlow.Key {
  /// Nil where the kernel does not tell the destination, or where nobody is to answer from it.
  fileprivate init?(_ flow: inout pl_ns_flow) {
    let (fromLength, toLength) = (flow.from_length, flow.to_length)
    guard toLength > 0,
      let source = withUnsafeBytes(of: &flow.from, { SocketAddress($0, length: fromLength) }),
      let destination = withUnsafeBytes(of: &flow.to, { SocketAddress($0, length: toLength) }),
      source.isIP, destination.isIP, destination.port != 0, !destination.isMulticast
    else { return nil }
    self.init(source: source, destination: destination)
  }
}

extension SocketAddress {
  /// As a system call filled it in.
  fileprivate init?(_ bytes: UnsafeRawBufferPointer, length: UInt32) {
    var storage = sockaddr_storage()
    guard Int(length) <= bytes.count, bytes.count <= MemoryLayout<sockaddr_storage>.size else { return nil }
    withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: bytes) }
    self.init(&storage, length: length)
  }

  fileprivate var isMulticast: Bool {
    let bytes = ipBytes
    return bytes.count == 4 ? bytes[0] >= 224 && bytes[0] < 240 || bytes == [255, 255, 255, 255] : bytes.first == 0xff
  }
}
