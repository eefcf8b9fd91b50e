import Glibc
import Reactor

/// What a step of the agent's that this machine refuses means, and the one thing that mends it.
package enum Ladder {
  /// The ways of capturing in a namespace, the best first, as the agent names them.
  package static let variants = NamespaceVariant.allCases.map(\.rawValue)

  /// A step down, in one line.
  package static func step(to mode: InterceptionMode, because failure: AgentFailure, _ machine: Machine) -> String {
    "\(reason(failure, machine)). Using \(mode.rawValue) mode. For full isolation: \(remedy(failure, machine))"
  }

  /// Where there is no step left: one line.
  package static func explanation(of failure: AgentFailure, _ machine: Machine) -> String {
    let what =
      switch failure.step {
      case "root", "rules": "no rules for the app"
      case "seccomp", "process_vm_readv", "process_vm_writev", "trap sockets": "the app's connects cannot be trapped"
      default: "no namespace for the app"
      }
    return "\(what): \(reason(failure, machine)); \(remedy(failure, machine))"
  }

  package static func reason(_ failure: AgentFailure, _ machine: Machine) -> String {
    switch cause(failure, machine) {
    case .container: "user namespaces are blocked by this container's seccomp profile (Docker's default)"
    case .sysctl: "unprivileged user namespaces are off (kernel.unprivileged_userns_clone)"
    case .limit: "the limit user.max_user_namespaces or user.max_net_namespaces is 0 or used up"
    case .appArmor: "AppArmor restricts user namespaces (Ubuntu)"
    case .rules: "the kernel refuses the nftables rules: \(SystemError("", code: failure.code).reason)"
    case .ports: "more than 1024 ports at once"
    case .root: "rules of the host are root's to lay"
    case .networkAdministration: "rules may not be laid here (no CAP_NET_ADMIN)"
    case .sandbox: "another sandbox traps calls already, such as that of a 'pillion run' around this one"
    case .denied: "this container's seccomp profile denies \(failure.step)"
    case .yama: "the app's memory is closed to Pillion (kernel.yama.ptrace_scope)"
    case .other: "\(failure.step): \(SystemError("", code: failure.code).reason)"
    }
  }

  package static func remedy(_ failure: AgentFailure, _ machine: Machine) -> String {
    switch cause(failure, machine) {
    case .container: "docker run --security-opt seccomp=unconfined"
    case .sysctl: "sudo sysctl kernel.unprivileged_userns_clone=1"
    case .limit: "sudo sysctl user.max_user_namespaces=10000 user.max_net_namespaces=10000"
    case .appArmor:
      "pillion doctor --apparmor | sudo tee /etc/apparmor.d/pillion && sudo apparmor_parser -r /etc/apparmor.d/pillion, "
        + "or sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
    case .rules: "sudo modprobe -a nf_tables nft_tproxy nft_socket nft_chain_nat nft_redir"
    case .ports: "name fewer of them"
    case .root: "sudo pillion run --intercept rootful --apply …"
    case .networkAdministration: "docker run --cap-add NET_ADMIN"
    case .sandbox: "run it outside of that"
    case .denied: "docker run --security-opt seccomp=unconfined"
    case .yama: "sudo sysctl kernel.yama.ptrace_scope=1"
    case .other: "--intercept off runs the app without it"
    }
  }

  private enum Cause {
    case container, sysctl, limit, ports, appArmor, rules, root, networkAdministration, sandbox, denied, yama, other
  }

  private static func cause(_ failure: AgentFailure, _ machine: Machine) -> Cause {
    let isDenied = failure.code == EPERM || failure.code == EACCES
    if failure.step == "unshare" {
      if failure.code == ENOSPC { return .limit }
      if isDenied, machine.forbidsUserNamespaces { return .sysctl }
      if isDenied, machine.hasSeccompFilter { return .container }
    }
    if failure.code == E2BIG { return .ports }
    if failure.step == "root" { return .root }
    if failure.step == "rules" { return isDenied ? .networkAdministration : .rules }
    if failure.step == "seccomp", failure.code == EBUSY { return .sandbox }
    if ["seccomp", "process_vm_readv", "process_vm_writev"].contains(failure.step) {
      if isDenied, machine.closesMemory { return .yama }
      if isDenied, machine.hasSeccompFilter { return .denied }
      return .other
    }
    // On Ubuntu unshare succeeds, and whatever follows is denied.
    if isDenied, machine.restrictsByAppArmor { return .appArmor }
    return variants.contains(failure.step) ? .rules : .other
  }
}
