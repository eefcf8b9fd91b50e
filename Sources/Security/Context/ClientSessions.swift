import COpenSSL
import Reactor

/// Sessions that servers gave us, for resumption: the newest first, at most as many as configured (Envoy's
/// max_session_keys). Those of TLS 1.3 serve once (RFC 8446 §C.4).
final class ClientSessions: Sendable {
  /// Sound as `@unchecked Sendable`: OpenSSL counts references atomically and locks a session's changes.
  private struct Kept: @unchecked Sendable { let session: OpaquePointer }

  private let capacity: Int
  private let kept = Locked<[Kept]>([])

  init(capacity: Int) { self.capacity = capacity }

  deinit { kept.withLock { for entry in $0 { SSL_SESSION_free(entry.session) } } }

  func offer(to ssl: OpaquePointer) {
    let chosen = kept.withLock { kept -> Kept? in
      guard let newest = kept.first else { return nil }
      if SSL_SESSION_get_protocol_version(newest.session) >= TLS1_3_VERSION {
        kept.removeFirst()
      } else {
        SSL_SESSION_up_ref(newest.session)
      }
      return newest
    }
    guard let chosen else { return }
    SSL_set_session(ssl, chosen.session)
    SSL_SESSION_free(chosen.session)
  }

  /// Takes over the caller's reference.
  private func keep(_ session: OpaquePointer) {
    let dropped = kept.withLock { kept -> Kept? in
      kept.insert(Kept(session: session), at: 0)
      return kept.count > capacity ? kept.removeLast() : nil
    }
    if let dropped { SSL_SESSION_free(dropped.session) }
  }

  /// OpenSSL has a new session; 1 says that its reference is ours now.
  static let callback: @convention(c) (OpaquePointer?, OpaquePointer?) -> Int32 = { ssl, session in
    guard let session, let sessions = TLSSession.of(ssl)?.context.sessions else { return 0 }
    sessions.keep(session)
    return 1
  }
}
