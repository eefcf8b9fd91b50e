import Glibc

/// A system call that failed: its name and errno.
public struct SystemError: Error, Equatable, CustomStringConvertible {
  package let call: String
  package let code: Int32

  package init(_ call: String, code: Int32 = errno) {
    self.call = call
    self.code = code
  }

  /// As strerror(3) says it: "Connection refused".
  package var reason: String { String(cString: strerror(code)) }

  public var description: String { "\(call): \(reason)" }
}
