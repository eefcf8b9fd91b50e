import CPillionNS
import Glibc
import Reactor

/// Tries a trap to the end: a process that is thrown away connects to where nobody is, and comes to us.
enum TrapProbe {
  typealias Probe = ModeExamination.Probe

  static func run() throws(SystemError) -> ModeExamination {
    let process = try ProbeProcess(["trap=1"])
    guard var trapped = try process.next() else { return ModeExamination(.trap, []) }
    var probes = [Probe(trapped.text, Int32(bitPattern: trapped.a))]
    guard let notifications = trapped.takeDescriptors().first else { return ModeExamination(.trap, probes) }
    let access = TrapAccess(to: pid_t(bitPattern: trapped.b))
    probes.append(Probe("process_vm_readv", access.reads))
    probes.append(Probe("pidfd_getfd", access.takes))
    if access.takes != 0 { probes.append(Probe("process_vm_writev", access.writes)) }
    let descriptor = Descriptor(notifications)
    if access.failure == nil { probes.append(Probe("connect", try connect(process, descriptor))) }
    return ModeExamination(.trap, probes)
  }

  /// - Returns: errno, 0 where the connection has come with its destination.
  private static func connect(
    _ process: borrowing ProbeProcess, _ notifications: consuming Descriptor
  ) throws(SystemError) -> Int32 {
    let capture = try TrapSockets.capture()
    try Sockets.listen(capture.number, backlog: 1)
    let (tokens, port) = (TokenAddresses(limit: 1), try TrapSockets.address(capture).port)
    let nowhere = SocketAddress(ipv4: 0, port: 0)
    let rules = TrapRules(tokens, policy: .allowAny, capturePort: port, dnsUDP: nowhere, dnsTCP: nowhere)
    let supervisor = try TrapSupervisor(notifications, rules)
    defer { supervisor.stop() }
    guard let message = try process.next() else { return ETIMEDOUT }
    if message.a != 0 { return Int32(bitPattern: message.a) }
    var remote: SocketAddress?
    guard let connection = try Sockets.accept(on: capture.number, remote: &remote) else { return ENOTCONN }
    let found = Sockets.localAddress(connection.number).flatMap { tokens.destination(of: $0) }
    let wanted = SocketAddress(ip: PL_NS_PROBE_ADDRESS, port: UInt16(PL_NS_PROBE_PORT))
    return found == wanted ? 0 : EADDRNOTAVAIL
  }
}
