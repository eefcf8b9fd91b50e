import Glibc
import Testing

@testable import Interception

@Suite struct LadderTests {
  private func machine(seccomp: Bool = false, sysctl: Bool = false, appArmor: Bool = false) -> Machine {
    var machine = Machine()
    machine.hasSeccompFilter = seccomp
    machine.forbidsUserNamespaces = sysctl
    machine.restrictsByAppArmor = appArmor
    return machine
  }

  private func said(_ step: String, _ code: Int32, _ machine: Machine) -> String {
    Ladder.explanation(of: AgentFailure(step: step, code: code), machine)
  }

  @Test func eachCauseHasItsRemedy() {
    #expect(said("unshare", EPERM, machine(seccomp: true)).contains("seccomp=unconfined"))
    #expect(said("unshare", EPERM, machine(seccomp: true, sysctl: true)).contains("unprivileged_userns_clone=1"))
    #expect(said("unshare", ENOSPC, machine()).contains("user.max_net_namespaces"))
    #expect(said("uid_map", EPERM, machine(appArmor: true)).contains("apparmor_parser"))
    #expect(said("loopback", EACCES, machine(appArmor: true)).contains("apparmor_parser"))
    #expect(said("tproxy", ENOENT, machine()).contains("modprobe"))
    #expect(said("seccomp", EBUSY, machine(seccomp: true)).contains("traps calls already"))
    #expect(said("process_vm_readv", EPERM, machine(seccomp: true)).contains("denies process_vm_readv"))
    #expect(said("routes", EINVAL, machine()).contains("routes: Invalid argument"))
  }
}

@Suite struct ExaminationTests {
  private func failure(_ probes: [(String, Int32)], _ mode: InterceptionMode = .namespace) -> AgentFailure? {
    ModeExamination(mode, probes.map { ModeExamination.Probe($0.0, $0.1) }).failure
  }

  @Test func aTrapIsTriedToItsEnd() {
    let seen: [(String, Int32)] = [("seccomp", 0), ("process_vm_readv", 0), ("pidfd_getfd", EPERM)]
    #expect(failure(seen, .trap) == AgentFailure(step: "probe", code: ECHILD))
    #expect(failure(seen + [("connect", 0)], .trap) == nil)
    #expect(failure([("seccomp", EBUSY)], .trap) == AgentFailure(step: "seccomp", code: EBUSY))
  }

  @Test func explicitIsNoCapture() {
    let denied = ModeExamination(.namespace, [ModeExamination.Probe("unshare", EPERM)])
    let explicit = ModeExamination(.explicit, [])
    #expect(explicit.failure == nil)
    #expect(!Examination([denied, explicit], Machine()).canCapture)
    #expect(Examination([denied, ModeExamination(.trap, [ModeExamination.Probe("connect", 0)])], Machine()).canCapture)
  }

  @Test func someStepsMayFail() {
    #expect(failure([("unshare", 0), ("ipv6", EOPNOTSUPP), ("mount", EPERM), ("sockets", 0)]) == nil)
    #expect(failure([("tproxy", ENOENT), ("tproxy-without-socket", 0), ("sockets", 0)]) == nil)
  }

  @Test func othersMayNot() {
    #expect(failure([("unshare", EPERM)]) == AgentFailure(step: "unshare", code: EPERM))
    #expect(failure([("unshare", 0)]) == AgentFailure(step: "probe", code: ECHILD))
    #expect(
      failure([("tproxy", ENOENT), ("anyip", EPERM)])
        == AgentFailure(step: "anyip", code: EPERM))
  }
}

@Suite struct RunningAgentsTests {
  @Test func areKnownByTheirCommandLine() {
    let line = "pillion-ns\0agent\0control=3\0name=web\0ports=\0--\0sh\0-c\0name=other\0"
    #expect(RunningAgents.agent(7, commandLine: line) == .init(pid: 7, name: "web", isOnHost: false))
    let onHost = "pillion-ns\0agent\0host=1\0name=web\0--\0x\0"
    #expect(RunningAgents.agent(7, commandLine: onHost) == .init(pid: 7, name: "web", isOnHost: true))
    #expect(RunningAgents.agent(7, commandLine: "pillion\0run\0-c\0x\0") == nil)
    #expect(RunningAgents.agent(7, commandLine: "") == nil)
  }
}
