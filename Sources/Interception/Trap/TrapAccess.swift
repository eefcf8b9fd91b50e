import CPillionNS
import Glibc
import Reactor

/// What this machine lets us do with a process of ours whose calls are trapped; errno each, 0 where it works.
package struct TrapAccess: Sendable, Equatable {
  /// process_vm_readv(2): to read the addresses of its calls. Without it there is no trap.
  package let reads: Int32
  /// process_vm_writev(2): to change them.
  package let writes: Int32
  /// pidfd_getfd(2): to connect its sockets for it. Docker's default profile denies it: then addresses are changed.
  package let takes: Int32

  package init(reads: Int32, writes: Int32, takes: Int32) {
    self.reads = reads
    self.writes = writes
    self.takes = takes
  }

  /// Tries it, and changes nothing: at address 0 there is no memory.
  init(to process: pid_t) {
    var byte: UInt8 = 0
    func code(_ result: Int) -> Int32 { result < 0 && result != -Int(EFAULT) ? Int32(-result) : 0 }
    reads = code(pl_ns_read_memory(process, 0, &byte, 1))
    writes = code(pl_ns_write_memory(process, 0, &byte, 1))
    takes = Self.takes(from: process)
  }

  private static func takes(from process: pid_t) -> Int32 {
    let opened = pl_ns_open_process(process)
    if opened < 0 { return -opened }
    let handle = Descriptor(opened)
    let taken = pl_ns_take_descriptor(handle.number, STDIN_FILENO)
    if taken >= 0 { close(taken) }
    return taken >= 0 || taken == -EBADF ? 0 : -taken
  }

  /// What keeps calls from being answered; nil where nothing does.
  package var failure: AgentFailure? {
    if reads != 0 { return AgentFailure(step: "process_vm_readv", code: reads) }
    if takes != 0, writes != 0 { return AgentFailure(step: "process_vm_writev", code: writes) }
    return nil
  }

  /// How connections are captured: for the log.
  package var variant: String { takes == 0 ? "trap" : "trap, by changing addresses in the app's memory" }
}
