import CPillionNS
import Glibc
import Reactor

/// What `pillion doctor` has found: each capability that a namespace for an app needs, tried to the end.
package struct Examination: Sendable, Equatable {
  package struct Probe: Sendable, Equatable {
    package let step: String
    /// errno; 0: it works.
    package let code: Int32

    package init(_ step: String, _ code: Int32) {
      self.step = step
      self.code = code
    }
  }

  package let probes: [Probe]
  package let machine: Machine

  package init(_ probes: [Probe], _ machine: Machine) {
    self.probes = probes
    self.machine = machine
  }

  /// Tries everything, in a process that is thrown away.
  /// - Throws: it cannot be started.
  package static func run() throws(SystemError) -> Examination {
    var probes: [Probe] = []
    let pid: pid_t
    let channel: Descriptor
    do {
      let pair = try SocketPair()
      pid = try AgentProcess.spawn(
        [PL_NS_NAME, "probe", "control=\(pair.theirs.number)"], keeping: [pair.theirs.number])
      channel = pair.ours
    }
    while let message = try AgentMessage(from: channel.number) {
      probes.append(Probe(message.text, Int32(bitPattern: message.a)))
    }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    return Examination(probes, .current())
  }

  /// What keeps an app from a namespace; nil where nothing does.
  package var failure: AgentFailure? {
    if let failed = probes.last(where: { $0.code != 0 && !isOptional($0) }) {
      return AgentFailure(step: failed.step, code: failed.code)
    }
    return probes.contains { $0.step == "sockets" } ? nil : AgentFailure(step: "probe", code: ECHILD)
  }

  /// Whether it works without.
  private func isOptional(_ probe: Probe) -> Bool {
    switch probe.step {
    case "ipv6", "mount": true
    // One way of capturing is enough.
    default: Ladder.variants.contains(probe.step) && variant != nil
    }
  }

  // MARK: In words

  /// A line each, and in the end what does not work, why, and what mends it.
  package var text: String {
    var lines = probes.map { probe in
      let name = probe.step.padded(to: 26)
      return "\(name)\(probe.code == 0 ? "ok" : "\(reason(probe))\(note(probe))")"
    }
    if let failure {
      lines.append("--intercept namespace".padded(to: 26) + "no: " + Ladder.reason(failure, machine))
      lines.append("to mend it".padded(to: 26) + Ladder.remedy(failure, machine))
    } else {
      lines.append("--intercept namespace".padded(to: 26) + "ok" + variantNote)
    }
    return lines.joined(separator: "\n")
  }

  private var variantNote: String {
    switch variant {
    case "tproxy-without-socket": ": ports of the host go before the app's own"
    case "redirect": ", by REDIRECT: ports of the host go before the app's own"
    case "anyip": ", without nftables: only ports that the file names are captured"
    default: ""
    }
  }

  private func reason(_ probe: Probe) -> String { SystemError("", code: probe.code).reason }

  private func note(_ probe: Probe) -> String {
    switch probe.step {
    case "ipv6": " (the app has IPv4 only)"
    case "mount": " (the app keeps the host's resolv.conf; its questions come to the proxy all the same)"
    default: ""
    }
  }

  /// How connections would be captured: the first way that works.
  private var variant: String? { probes.first { $0.code == 0 && Ladder.variants.contains($0.step) }?.step }

  /// The same for programs, in one line.
  package var json: String {
    let steps = probes.map { probe in
      let error = probe.code == 0 ? "null" : Self.quoted(reason(probe))
      return "{\"step\": \(Self.quoted(probe.step)), \"ok\": \(probe.code == 0), \"error\": \(error)}"
    }
    let problem = failure.map { Self.quoted(Ladder.reason($0, machine)) } ?? "null"
    let remedy = failure.map { Self.quoted(Ladder.remedy($0, machine)) } ?? "null"
    return "{\"namespace\": \(failure == nil), \"problem\": \(problem), \"remedy\": \(remedy), "
      + "\"probes\": [\(steps.joined(separator: ", "))]}"
  }

  /// Our own words and strerror's: letters, and at most quotes.
  private static func quoted(_ text: String) -> String {
    "\"" + text.flatMap { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" } + "\""
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(1, width - count))
  }
}
