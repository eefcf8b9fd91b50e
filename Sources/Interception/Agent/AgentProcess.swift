import CPillionNS
import Glibc
import Reactor

/// This program, started anew as the agent.
enum AgentProcess {
  /// - Parameter descriptors: those that it has beside the user's.
  static func spawn(_ arguments: [String], keeping descriptors: [Int32]) throws(SystemError) -> pid_t {
    let result = withArguments(arguments) { pl_ns_spawn($0, descriptors + [-1]) }
    if result < 0 { throw SystemError("posix_spawn", code: -result) }
    return result
  }

  /// Becomes it: this process ends here.
  /// - Throws: the program cannot be found any more.
  static func become(_ arguments: [String]) throws(SystemError) {
    withArguments(arguments) { _ = execv("/proc/self/exe", $0) }
    throw SystemError("execv")
  }

  private static func withArguments<R>(_ arguments: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
    let argv = arguments.map { strdup($0) }
    defer { for argument in argv { free(argument) } }
    return body(argv + [nil])
  }
}
