import CPillionNS
import Reactor

/// The descriptor by which trapped calls are told and answered (seccomp_unotify(2)).
struct TrapNotifications: ~Copyable {
  private let descriptor: Descriptor

  /// - Throws: this kernel's structures are not known.
  static func prepare(_ descriptor: borrowing Descriptor) throws(SystemError) {
    let code = pl_ns_notify_prepare(descriptor.number)
    if code != 0 { throw SystemError("seccomp", code: code) }
  }

  init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

  var number: Int32 { descriptor.number }

  /// Nil where the call has gone meanwhile.
  func receive() -> pl_ns_call? {
    var call = pl_ns_call()
    return pl_ns_notify_receive(descriptor.number, &call) == 0 ? call : nil
  }

  func isValid(_ id: UInt64) -> Bool { pl_ns_notify_is_valid(descriptor.number, id) }

  /// Who has gone needs no answer.
  func answer(_ id: UInt64, _ code: Int32) { _ = pl_ns_notify_answer(descriptor.number, id, code) }

  func answer(_ id: UInt64, value: Int) { _ = pl_ns_notify_return(descriptor.number, id, Int64(value)) }

  func proceed(_ id: UInt64) { _ = pl_ns_notify_continue(descriptor.number, id) }
}
