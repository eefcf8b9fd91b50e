import COpenSSL
import CTLSProvider

/// OpenSSL as our sessions use it: a library context of their own (CTLSProvider says why), and without the system's
/// openssl.cnf, since what a configuration means must not hang on the machine.
///
/// Sound as `@unchecked Sendable`: OpenSSL locks what threads share in a library context.
struct TLSLibrary: @unchecked Sendable {
  /// Nil where OpenSSL does not start.
  static var context: OpaquePointer? { shared.pointer }

  private static let shared = TLSLibrary()

  private let pointer: OpaquePointer?

  private init() {
    let isReady = OPENSSL_init_ssl(UInt64(OPENSSL_INIT_NO_LOAD_CONFIG), nil) == 1
    pointer = isReady ? pl_tls_library_context() : nil
  }
}
