import CPillionNS
import Glibc
import Reactor

/// Tries a namespace, in a process that is thrown away.
enum NamespaceProbe {
  static func run() throws(SystemError) -> ModeExamination {
    var probes: [ModeExamination.Probe] = []
    let process = try ProbeProcess([])
    while let message = try process.next() {
      probes.append(ModeExamination.Probe(message.text, Int32(bitPattern: message.a)))
    }
    return ModeExamination(.namespace, probes)
  }
}

/// A process that tries things and says how they went; it is waited for at the end.
struct ProbeProcess: ~Copyable {
  private let channel: Descriptor
  private let pid: pid_t

  init(_ options: [String]) throws(SystemError) {
    let pair = try SocketPair()
    let control = pair.theirs.number
    pid = try AgentProcess.spawn([PL_NS_NAME, "probe", "control=\(control)"] + options, keeping: [control])
    channel = pair.ours
  }

  deinit {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
  }

  /// Nil when it has said all.
  func next() throws(SystemError) -> AgentMessage? { try AgentMessage(from: channel.number) }
}
