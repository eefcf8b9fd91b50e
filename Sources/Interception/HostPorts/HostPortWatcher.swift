import CPillionNS
import Glibc
import Logging
import Reactor

/// Opens ports of the host's loopback to an app in a namespace as somebody listens there, and closes them after (`--host-port auto`), on
/// the main loop.
final class HostPortWatcher: EventHandler {
  private static let intervalNanoseconds: Int64 = 250_000_000
  /// More than that are not opened.
  private static let limit = 1024

  private let loop: EventLoop
  private let log: Logger
  private let changes: DescriptorList
  /// Left as they are: those that are open anyway, and those that are to stay closed.
  private let others: Set<UInt16>
  private var opened: Set<UInt16> = []
  private var timer = Timer()
  private var isFailing = false

  /// - Parameters:
  ///   - changes: the agent's socket for it.
  ///   - others: neither opened nor closed.
  init(_ loop: EventLoop, _ log: Logger, changes: DescriptorList, others: Set<UInt16>) {
    (self.loop, self.log, self.changes, self.others) = (loop, log, changes, others)
    super.init()
    look()
  }

  func close() { timer.disarm() }

  override func timerFired(_ id: UInt8) { look() }

  private func look() {
    timer.arm(loop, self, id: 0, after: Self.intervalNanoseconds)
    guard let number = changes.numbers.first, let sockets = ListeningSockets.of(process: getpid()) else { return }
    let wanted = Self.ports(sockets, except: others)
    let (opening, closing) = (Array(wanted.subtracting(opened)), Array(opened.subtracting(wanted)))
    if opening.isEmpty && closing.isEmpty { return }
    let code = Self.change(number, opening, closing)
    if code == 0 { opened = wanted }
    if code != 0, !isFailing {
      log.warning("cannot open ports of the host to the app: \(SystemError("", code: code).reason); trying again")
    }
    isFailing = code != 0
  }

  private static func change(_ number: Int32, _ opening: [UInt16], _ closing: [UInt16]) -> Int32 {
    let code = pl_ns_change_host_ports(number, opening, opening.count, closing, closing.count)
    if code != ENOENT || closing.isEmpty { return code }
    // Somebody else has closed one of them, and with it nothing is done: each by itself then.
    for port in closing { _ = pl_ns_change_host_ports(number, [], 0, [port], 1) }
    return opening.isEmpty ? 0 : pl_ns_change_host_ports(number, opening, opening.count, [], 0)
  }

  /// Those that 127.0.0.1 reaches.
  static func ports(_ sockets: ListeningSockets, except others: Set<UInt16>) -> Set<UInt16> {
    let all = Set(sockets.addresses.filter(\.isReachedByLoopback).map(\.port)).subtracting(others)
    return all.count <= limit ? all : Set(all.sorted().prefix(limit))
  }
}
