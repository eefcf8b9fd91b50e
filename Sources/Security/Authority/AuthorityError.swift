import COpenSSL

/// Why a key or certificate could not be made, read or used, in words.
package struct AuthorityError: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }

  /// What was tried, and the reason that OpenSSL noted. Empties this thread's error queue.
  init(openSSL attempt: String) {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0, let reason = ERR_reason_error_string(code) else {
      self.init(attempt)
      return
    }
    self.init("\(attempt): \(String(cString: reason))")
  }
}
