import CPillionNS
import Glibc
import Reactor

/// The agents that run now, by what /proc says of them: there is no file that could be left over.
package enum RunningAgents {
  package struct Found: Sendable, Equatable {
    package let pid: pid_t
    package let name: String
    /// Its app has no namespace that could be joined.
    package let isOnHost: Bool
  }

  package static func all() -> [Found] {
    guard let folder = opendir("/proc") else { return [] }
    defer { closedir(folder) }
    var found: [Found] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if let pid = pid_t(name), let agent = agent(pid) { found.append(agent) }
    }
    // Between its fork and its exec an app looks like its agent.
    let pids = Set(found.map(\.pid))
    found.removeAll { parent(of: $0.pid).map { pids.contains($0) } ?? true }
    return found.sorted { $0.pid < $1.pid }
  }

  /// The fourth word of /proc/PID/stat, the second of which is a name in brackets; nil for a process that is gone.
  private static func parent(of pid: pid_t) -> pid_t? {
    guard let text = SmallFile.read("/proc/\(pid)/stat"), let bracket = text.lastIndex(of: ")") else { return nil }
    let words = text[text.index(after: bracket)...].split(separator: " ")
    return words.count > 1 ? pid_t(words[1]) : nil
  }

  /// Those of a name, or the one of a process id.
  package static func named(_ name: String) -> [Found] {
    let all = all()
    let named = all.filter { $0.name == name }
    return named.isEmpty ? all.filter { "\($0.pid)" == name } : named
  }

  private static func agent(_ pid: pid_t) -> Found? {
    // Other users' namespaces are closed to us, unless we are root.
    var status = stat()
    guard stat("/proc/\(pid)", &status) == 0, geteuid() == 0 || status.st_uid == geteuid() else { return nil }
    return SmallFile.read("/proc/\(pid)/cmdline").flatMap { agent(pid, commandLine: $0) }
  }

  /// - Parameter commandLine: as /proc has it, a zero behind each argument.
  static func agent(_ pid: pid_t, commandLine: String) -> Found? {
    let arguments = commandLine.split(separator: "\0", omittingEmptySubsequences: false)
    guard arguments.count > 2, arguments[0] == PL_NS_NAME, arguments[1] == "agent" else { return nil }
    let options = arguments.dropFirst(2).prefix { $0 != "--" }
    let name = options.first { $0.hasPrefix("name=") }?.dropFirst(5)
    return Found(pid: pid, name: name.map { String($0) } ?? "", isOnHost: options.contains("host=1"))
  }

  /// Becomes a command in an app's namespaces; does not return.
  package static func execute(_ command: [String], beside agent: Found) throws(SystemError) {
    try AgentProcess.become([PL_NS_NAME, "exec", "pid=\(agent.pid)", "--"] + command)
  }
}
