import CPillionNS
import Glibc

/// How this process takes part in the end of others.
package enum ProcessEnd {
  /// What an agent that is killed leaves behind comes to us, and not to init.
  package static func adoptOrphans() { _ = pl_ns_become_subreaper() }

  /// Has the ends of children told to us, where the user has them ignored: else nobody could wait for them.
  /// - Returns: whether the user does.
  static func mindChildren() -> Bool { pl_ns_mind_children() }

  /// The children of this process.
  static func children() -> [pid_t] {
    var pids = [pid_t](repeating: 0, count: 64)
    while true {
      let count = pl_ns_list_children(&pids, pids.count)
      if count <= pids.count { return Array(pids.prefix(count)) }
      pids = Array(repeating: 0, count: count)
    }
  }

  /// Kills the children but for these.
  /// - Returns: whether there were any: what those leave comes to us with their ends.
  static func killChildren(but spared: Set<pid_t>) -> Bool {
    let others = children().filter { !spared.contains($0) }
    for child in others { pl_ns_kill_child(child) }
    return !others.isEmpty
  }

  /// Ends by a signal, as the app did.
  package static func die(by signal: Int32) { pl_ns_die_by(signal) }
}

/// What a process does that was started under the agent's name.
package enum AgentEntry {
  /// Does not return in such a process. Before anything else: the agent may have one thread only.
  package static func enterIfAsked(_ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) {
    pl_ns_enter(count, arguments)
  }
}
