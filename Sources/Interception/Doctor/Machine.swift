import Glibc

/// What this machine says of itself, where a probe has failed.
package struct Machine: Sendable, Equatable {
  /// /proc/self/status: a seccomp filter is in force.
  package var hasSeccompFilter = false
  /// /proc/sys/kernel/unprivileged_userns_clone is 0.
  package var forbidsUserNamespaces = false
  /// /proc/sys/kernel/apparmor_restrict_unprivileged_userns is 1.
  package var restrictsByAppArmor = false

  /// /proc/sys/kernel/yama/ptrace_scope is above 1: not even our own descendants' memory is open to us.
  package var closesMemory = false

  package init() {}

  package static func current() -> Machine {
    var machine = Machine()
    machine.hasSeccompFilter = (SmallFile.read("/proc/self/status") ?? "").contains("\nSeccomp:\t2\n")
    machine.forbidsUserNamespaces = number("/proc/sys/kernel/unprivileged_userns_clone") == "0"
    machine.restrictsByAppArmor = number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1"
    machine.closesMemory = ["2", "3"].contains(number("/proc/sys/kernel/yama/ptrace_scope"))
    return machine
  }

  private static func number(_ path: String) -> String? {
    SmallFile.read(path).map { String($0.prefix { $0 != "\n" }) }
  }
}
