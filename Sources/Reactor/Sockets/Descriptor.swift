import Glibc

/// An open descriptor: closed when its owner ends.
package struct Descriptor: ~Copyable {
  package let number: Int32

  /// Takes over an open descriptor.
  package init(_ number: Int32) { self.number = number }

  /// Takes over what a system call returned.
  /// - Throws: the call had failed.
  package init(checking result: Int32, _ call: String) throws(SystemError) {
    guard result >= 0 else { throw SystemError(call) }
    number = result
  }

  deinit { close(number) }

  /// Gives the descriptor away, open.
  package consuming func release() -> Int32 {
    let number = number
    discard self
    return number
  }
}
