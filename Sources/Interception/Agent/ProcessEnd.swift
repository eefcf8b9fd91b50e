import CPillionNS

/// How this process takes part in the end of others.
package enum ProcessEnd {
  /// What an agent that is killed leaves behind comes to us, and not to init.
  package static func adoptOrphans() { _ = pl_ns_become_subreaper() }

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
