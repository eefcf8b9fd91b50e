import COpenSSL
import Reactor

/// Sessions that servers gave us, for resumption: the newest first, at most as many as configured (Envoy's
/// max_session_keys). Those of TLS 1.3 serve once (RFC 8446 §C.4).
///
/// A session is offered only to who asks for what it was made for: its server is not asked for a certificate again, so
/// that another server name, or another SAN that is insisted on, would go unchecked.
final class ClientSessions: Sendable {
  /// Sound as `@unchecked Sendable`: OpenSSL counts references atomically and locks a session's changes.
  private struct Kept: @unchecked Sendable {
    let session: OpaquePointer
    let purpose: Purpose
  }

  private struct Purpose: Equatable {
    let serverName: String
    let subjectAltNames: [String]

    init(_ options: TLSSessionOptions) {
      serverName = options.serverName
      subjectAltNames = options.subjectAltNames
    }
  }

  private let capacity: Int
  private let kept = Locked<[Kept]>([])

  init(capacity: Int) { self.capacity = capacity }

  deinit { kept.withLock { for entry in $0 { SSL_SESSION_free(entry.session) } } }

  func offer(to ssl: OpaquePointer, for options: TLSSessionOptions) {
    let purpose = Purpose(options)
    let chosen = kept.withLock { kept -> Kept? in
      guard let index = kept.firstIndex(where: { $0.purpose == purpose }) else { return nil }
      let newest = kept[index]
      if SSL_SESSION_get_protocol_version(newest.session) >= TLS1_3_VERSION {
        kept.remove(at: index)
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
  private func keep(_ session: OpaquePointer, for options: TLSSessionOptions) {
    let purpose = Purpose(options)
    let dropped = kept.withLock { kept -> Kept? in
      kept.insert(Kept(session: session, purpose: purpose), at: 0)
      return kept.count > capacity ? kept.removeLast() : nil
    }
    if let dropped { SSL_SESSION_free(dropped.session) }
  }

  /// OpenSSL has a new session; 1 says that its reference is ours now.
  static let callback: @convention(c) (OpaquePointer?, OpaquePointer?) -> Int32 = { ssl, session in
    guard let session, let owner = TLSSession.of(ssl), let sessions = owner.context.sessions else { return 0 }
    sessions.keep(session, for: owner.options)
    return 1
  }
}
