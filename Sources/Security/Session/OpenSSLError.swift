import COpenSSL

/// OpenSSL's queue of errors of this thread, in its words.
enum OpenSSLError {
  /// Takes all that is queued: the oldest is the cause.
  static func take() -> [UInt] {
    var codes: [UInt] = []
    while true {
      let code = ERR_get_error()
      if code == 0 { return codes }
      if codes.count < 8 { codes.append(code) }
    }
  }

  /// "wrong version number", or the number where OpenSSL has no words.
  static func text(_ code: UInt) -> String {
    if let reason = ERR_reason_error_string(code) { return String(cString: reason) }
    return "error \(String(code, radix: 16))"
  }

  /// What went wrong, in one line; takes the queue.
  static func takeText() -> String {
    let texts = take().map(text)
    return texts.isEmpty ? "unknown error" : texts.joined(separator: ", ")
  }

  static func isSSL(_ code: UInt, _ reason: Int32) -> Bool {
    pl_tls_error_library(code) == Int32(ERR_LIB_SSL) && pl_tls_error_reason(code) == reason
  }
}
