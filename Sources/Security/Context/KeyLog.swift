import COpenSSL
import Glibc
import Reactor

/// Where sessions write their secrets for Wireshark (the format of NSS' SSLKEYLOGFILE): only where a configuration asks.
final class KeyLog: Sendable {
  private let file: Int32

  init(_ path: String) throws(TLSConfigurationError) {
    file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    if file < 0 {
      throw TLSConfigurationError(.keyLog, "Failed to open key log \(path): \(String(cString: strerror(errno)))")
    }
  }

  deinit { close(file) }

  static let callback: @convention(c) (OpaquePointer?, UnsafePointer<CChar>?) -> Void = { ssl, line in
    guard let line, let session = TLSSession.of(ssl), session.options.logsKeys, let log = session.context.keyLog else {
      return
    }
    log.write(line)
  }

  /// One call for the whole line: other threads write too.
  private func write(_ line: UnsafePointer<CChar>) {
    let length = strlen(line)
    withUnsafeTemporaryAllocation(byteCount: length + 1, alignment: 1) { room in
      room.copyMemory(from: UnsafeRawBufferPointer(start: line, count: length))
      room[length] = UInt8(ascii: "\n")
      _ = Glibc.write(file, room.baseAddress, length + 1)
      OPENSSL_cleanse(room.baseAddress, room.count)
    }
  }
}
