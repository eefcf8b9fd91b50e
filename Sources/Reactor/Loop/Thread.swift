import CLinux
import Glibc

/// A thread of the system's. What its body makes lives and dies on it. No signal for the process comes to it: they are the main
/// thread's, whatever is blocked there by the time a thread is made.
package struct Thread: ~Copyable {
  private let id: pthread_t

  private final class Body {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }

  /// Starts `body` on a thread called `name` (15 bytes are shown).
  /// - Throws: the system has no thread left.
  package init(name: String, _ body: sending @escaping () -> Void) throws(SystemError) {
    let name = String(name.prefix(15))
    // The box is handed over once: retained here, released by the new thread.
    let box = Unmanaged.passRetained(
      Body {
        pl_set_thread_name(name)
        body()
      })
    var id = pthread_t()
    var all = sigset_t()
    var callers = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &callers)
    defer { pthread_sigmask(SIG_SETMASK, &callers, nil) }
    let code = pthread_create(
      &id, nil,
      { argument in
        if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, box.toOpaque())
    guard code == 0 else {
      box.release()
      throw SystemError("pthread_create", code: code)
    }
    self.id = id
  }

  /// Waits until the body has returned.
  package consuming func join() { pthread_join(id, nil) }
}
