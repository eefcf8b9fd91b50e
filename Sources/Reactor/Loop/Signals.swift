import CLinux
import Glibc

/// Signals as events of a loop (signalfd(2)), so that no code ever runs inside a signal handler.
package final class Signals: EventHandler {
  private let descriptor: Descriptor
  private let handler: (Int32, Bool) -> Void
  /// SI_KERNEL: what the terminal sends (si_code, sigaction(2)).
  private static let sentByKernel: Int32 = 0x80

  /// - Parameter handler: is told the signal, and whether the kernel has sent it by itself, as for a key of the terminal.
  ///
  /// Blocks the signals for this thread, and for threads started later; ignores SIGPIPE and SIGHUP as a proxy must.
  package init(_ loop: EventLoop, _ signals: [Int32], _ handler: @escaping (Int32, Bool) -> Void) throws(SystemError) {
    var set = sigset_t()
    sigemptyset(&set)
    for number in signals { sigaddset(&set, number) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    signal(SIGPIPE, SIG_IGN)
    descriptor = try Descriptor(
      checking: signalfd(-1, &set, Int32(SFD_NONBLOCK) | Int32(SFD_CLOEXEC)), "signalfd")
    self.handler = handler
    super.init()
    _ = try loop.register(descriptor.number, self)
  }

  package override func ready(_ readiness: Readiness) {
    var info = signalfd_siginfo()
    while read(descriptor.number, &info, MemoryLayout<signalfd_siginfo>.size) == MemoryLayout<signalfd_siginfo>.size {
      handler(Int32(info.ssi_signo), info.ssi_code == Self.sentByKernel)
    }
  }
}
