import CPillionNS
import Glibc
import Reactor
import Testing

@testable import Interception

/// Threads of the test's own are trapped, and end with it.
@Suite struct TrapSupervisorTests {
  private static let destination = SocketAddress(ipv4: 192 << 24 | 2 << 8 | 1, port: 80)

  /// What a connect returns: errno, or 0.
  private static func connect(blocks: Bool) -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue) | (blocks ? 0 : Int32(SOCK_NONBLOCK.rawValue))
    let number = socket(AF_INET, type, 0)
    defer { close(number) }
    return destination.withSockaddr { Glibc.connect(number, $0, $1) } == 0 ? 0 : errno
  }

  /// Pipes from a trapped thread to the test: its notifications, and what its connects returned.
  private struct Mailboxes: Sendable {
    let notifications: (read: Int32, write: Int32)
    let results: (read: Int32, write: Int32)

    init() throws {
      func make() throws -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        return (ends[0], ends[1])
      }
      notifications = try make()
      results = try make()
    }

    static func send(_ value: Int32, _ pipe: Int32) {
      var value = value
      _ = write(pipe, &value, 4)
    }

    static func receive(_ pipe: Int32) -> Int32 {
      var value: Int32 = -1
      return read(pipe, &value, 4) == 4 ? value : -1
    }
  }

  @Test func oneWhoWaitsHoldsUpNobody() throws {
    let capture = try TrapSockets.capture()
    try Sockets.listen(capture.number, backlog: 0)
    let address = try TrapSockets.address(capture)
    let loopback = SocketAddress(ipv4: 127 << 24 | 1, port: address.port)
    let fillers = try (0..<3).map { _ in try Sockets.connect(to: loopback).release() }
    defer { for filler in fillers { close(filler) } }
    let boxes = try Mailboxes()
    let trapped = try Thread(name: "trapped") {
      var notifications: Int32 = -1
      let code = pl_ns_trap(false, &notifications)
      Mailboxes.send(code == 0 ? notifications : -code, boxes.notifications.write)
      guard code == 0 else { return }
      // It inherits the trap.
      let waiting = try? Thread(name: "waiting") { Mailboxes.send(Self.connect(blocks: true), boxes.results.write) }
      for _ in 0..<20 { Mailboxes.send(Self.connect(blocks: false), boxes.results.write) }
      waiting?.join()
    }
    let notifications = Mailboxes.receive(boxes.notifications.read)
    guard notifications >= 0 else { return trapped.join() }  // This machine has no traps, or we are in one.
    let rules = TrapRules(
      TokenAddresses(), policy: .allowAny, capturePort: address.port, dnsUDP: loopback, dnsTCP: loopback)
    let supervisor = try TrapSupervisor(Descriptor(notifications), rules)
    #expect((0..<20).map { _ in Mailboxes.receive(boxes.results.read) } == Array(repeating: EINPROGRESS, count: 20))
    var remote: SocketAddress?
    var waiting = pollfd(fd: boxes.results.read, events: Int16(POLLIN), revents: 0)
    // The kernel tries again when its time has come.
    for _ in 0..<100 where poll(&waiting, 1, 100) == 0 {
      while let taken = try Sockets.accept(on: capture.number, remote: &remote) { _ = taken }
    }
    #expect(Mailboxes.receive(boxes.results.read) == 0)
    trapped.join()
    supervisor.stop()
  }
}
