import CPillionNS
import Glibc
import Reactor

/// What `pillion doctor` has found, of each mode.
package struct Examination: Sendable, Equatable {
  package let modes: [ModeExamination]
  package let machine: Machine
  /// What rootful runs that were killed have left.
  package let remains: [String]

  package init(_ modes: [ModeExamination], _ machine: Machine, remains: [String] = []) {
    self.modes = modes
    self.remains = remains
    self.machine = machine
  }

  /// Tries everything, in processes that are thrown away.
  /// - Throws: one of them cannot be started.
  package static func run() throws(SystemError) -> Examination {
    let modes = [try NamespaceProbe.run(), try TrapProbe.run(), ModeExamination(.explicit, []), try RootfulProbe.run()]
    return Examination(modes, .current(), remains: try Remains.find(removing: false).map(\.what))
  }

  /// Whether there is a mode that captures an app which knows nothing of it (`explicit` is none), and that `auto` takes.
  package var canCapture: Bool {
    modes.contains { [.namespace, .trap].contains($0.mode) && $0.failure == nil }
  }

  // MARK: In words

  /// A line each, and behind those of a mode what does not work, why, and what mends it.
  package var text: String {
    let lines = modes.flatMap { mode in
      mode.probes.map {
        "\($0.step.padded(to: 26))\($0.error.map { "\($0)" } ?? "ok")\($0.code == 0 ? "" : mode.note($0))"
      }
        + verdict(mode)
    }
    let left = remains.map { "left over".padded(to: 26) + $0 + ", which the next rootful run takes away" }
    return (lines + left).joined(separator: "\n")
  }

  private func verdict(_ mode: ModeExamination) -> [String] {
    let name = "--intercept \(mode.mode.rawValue)".padded(to: 26)
    guard let failure = mode.failure else { return [name + "ok" + mode.remark] }
    return [
      name + "no: " + Ladder.reason(failure, machine), "to mend it".padded(to: 26) + Ladder.remedy(failure, machine),
    ]
  }

  /// The same for programs, in one line.
  package var json: String {
    let namespace = modes.first { $0.mode == .namespace }
    let all = modes.map { "{\"mode\": \(Self.quoted($0.mode.rawValue)), \"ok\": \($0.failure == nil), \(json($0))}" }
    return "{\"namespace\": \(namespace.map { $0.failure == nil } ?? false), "
      + "\(namespace.map { json($0) + ", " } ?? "")\"modes\": [\(all.joined(separator: ", "))], "
      + "\"leftOver\": [\(remains.map { Self.quoted($0) }.joined(separator: ", "))]}"
  }

  private func json(_ mode: ModeExamination) -> String {
    let steps = mode.probes.map { probe in
      "{\"step\": \(Self.quoted(probe.step)), \"ok\": \(probe.code == 0), "
        + "\"error\": \(probe.error.map { Self.quoted($0) } ?? "null")}"
    }
    let problem = mode.failure.map { Self.quoted(Ladder.reason($0, machine)) } ?? "null"
    let remedy = mode.failure.map { Self.quoted(Ladder.remedy($0, machine)) } ?? "null"
    return "\"problem\": \(problem), \"remedy\": \(remedy), \"probes\": [\(steps.joined(separator: ", "))]"
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
