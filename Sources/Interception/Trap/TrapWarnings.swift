import Glibc

/// What of the app cannot be captured, said once each: nobody would look for that in a log.
struct TrapWarnings {
  private var isMemorySaid = false
  private var said: Set<TrapObstacle> = []

  /// - Parameter isRefused: what becomes of its connects.
  mutating func sayOfClosedMemory(_ task: pid_t, isRefused: Bool) {
    if isMemorySaid { return }
    isMemorySaid = true
    let end =
      isRefused
      ? "connects fail, also those to loopback: nobody can tell where they go (--outbound registry-only)"
      : "connects are not captured"
    say(
      "the memory of process \(task) is closed to Pillion, as of another user's, of a program that nobody may read, or one "
        + "that wants no dumps: its \(end); in a container: docker run --cap-add SYS_PTRACE")
  }

  mutating func say(_ obstacle: TrapObstacle, _ task: pid_t) {
    guard said.insert(obstacle).inserted else { return }
    switch obstacle {
    case .device:
      say(
        "process \(task) binds sockets to a network interface, which keeps them from Pillion on loopback: they get "
          + "ENETUNREACH; leave that out, as curl's --interface")
    case .ipv6Only:
      say(
        "process \(task) binds sockets to IPv6 before it connects them, which keeps them from Pillion on loopback: they "
          + "get ENETUNREACH; use --intercept namespace")
    }
  }

  private func say(_ text: String) {
    var line = "pillion: \(text)\n"
    _ = line.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
