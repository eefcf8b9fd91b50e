import CPillionNS
import Glibc
import Reactor

/// What a mode of interception needs of this machine, each step tried to the end.
package struct ModeExamination: Sendable, Equatable {
  package struct Probe: Sendable, Equatable {
    package let step: String
    /// errno; 0: it works.
    package let code: Int32

    package init(_ step: String, _ code: Int32) {
      self.step = step
      self.code = code
    }

    /// As strerror(3) says it; nil where it works.
    package var error: String? { code == 0 ? nil : SystemError("", code: code).reason }
  }

  package let mode: InterceptionMode
  package let probes: [Probe]

  package init(_ mode: InterceptionMode, _ probes: [Probe]) {
    self.mode = mode
    self.probes = probes
  }

  /// What keeps an app from the mode; nil where nothing does.
  package var failure: AgentFailure? {
    if let failed = probes.last(where: { $0.code != 0 && !isOptional($0) }) {
      return AgentFailure(step: failed.step, code: failed.code)
    }
    return lastStep.map { last in probes.contains { $0.step == last } } ?? true
      ? nil : AgentFailure(step: "probe", code: ECHILD)
  }

  /// Without which it has not been tried to the end.
  private var lastStep: String? {
    switch mode {
    case .namespace: "sockets"
    case .trap: "connect"
    case .rootful: "rules"
    default: nil
    }
  }

  /// Whether it works without.
  private func isOptional(_ probe: Probe) -> Bool {
    switch probe.step {
    case "ipv6", "mount", "pidfd_getfd", "cgroup": true
    // One way of capturing is enough.
    default: Ladder.variants.contains(probe.step) && variant != nil
    }
  }

  /// How connections would be captured inside: the first way that works.
  private var variant: String? { probes.first { $0.code == 0 && Ladder.variants.contains($0.step) }?.step }

  // MARK: In words

  /// Behind a step that the mode can do without.
  package func note(_ probe: Probe) -> String {
    switch probe.step {
    case "ipv6": " (the app has IPv4 only)"
    case "mount": " (the app keeps the host's resolv.conf; its questions come to the proxy all the same)"
    case "cgroup": " (the app is known by the group \(PL_NS_GROUP))"
    case "pidfd_getfd": " (addresses are changed in the app's memory)"
    default: ""
    }
  }

  /// Behind a mode that works.
  package var remark: String {
    switch (mode, variant) {
    case (.explicit, _): ", for apps that heed HTTP_PROXY"
    case (_, "tproxy-without-socket"): ": ports of the host go before the app's own"
    case (_, "redirect"): ", by REDIRECT: ports of the host go before the app's own"
    case (_, "anyip"): ", without nftables: only ports that the file names are captured"
    default: ""
    }
  }
}
