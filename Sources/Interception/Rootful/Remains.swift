import CPillionNS
import Glibc
import Reactor

/// What rootful runs that were killed could not take away: tables and cgroups that are named by an agent that is gone.
package enum Remains {
  package struct Found: Sendable, Equatable, CustomStringConvertible {
    /// "table inet pillion-77", "cgroup /sys/fs/cgroup/pillion-77".
    package let what: String
    /// errno of taking it away; nil where that was not tried.
    package let removal: Int32?

    init(_ message: borrowing AgentMessage) {
      what = message.text
      removal = message.b == 0 ? nil : Int32(bitPattern: message.a)
    }

    package var description: String {
      switch removal {
      case nil: "an earlier run has left \(what)"
      case 0: "took away what an earlier run had left: \(what)"
      case .some(let code):
        "an earlier run has left \(what), which cannot be taken away: \(SystemError("", code: code).reason)"
      }
    }
  }

  /// Of this network namespace, as far as its user may see them.
  /// - Throws: the process that looks for them cannot be started.
  package static func find(removing: Bool) throws(SystemError) -> [Found] {
    let channel: Descriptor
    let pid: pid_t
    do {
      let pair = try SocketPair()
      let arguments = [PL_NS_NAME, "stale", "control=\(pair.theirs.number)"] + (removing ? ["remove=1"] : [])
      pid = try AgentProcess.spawn(arguments, keeping: [pair.theirs.number])
      channel = pair.ours
    }
    var found: [Found] = []
    while let message = try AgentMessage(from: channel.number) { found.append(Found(message)) }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    return found
  }
}
