import COpenSSL
import Glibc
import Reactor

/// One connection's TLS, on its worker's ``TLSBuffers``. Made by ``TLSContext/makeSession(_:_:)``, given to a
/// `Connection` as its transport socket, and asked afterwards who the peer is.
///
/// Each call sets the shared buffers up, lets OpenSSL work, sends what came out, and takes back what was not used: a part
/// of the input that OpenSSL did not want yet, and output that the kernel did not take. Both are empty as a rule.
package final class TLSSession: TransportSocket {
  /// A closed peer's alert and our own are tried once; the socket closes right after.
  private enum Stage { case handshaking, open, failed }

  /// Sealed bytes that the kernel did not take, above which nothing more is read: what a call seals is at most half of
  /// it, and the rest can only be TLS's own answers (alerts to renegotiations, say).
  private static let unsentLimit = 2 * TLSBuffers.outputSize

  package let context: TLSContext
  let buffers: TLSBuffers
  let options: TLSSessionOptions
  let ssl: OpaquePointer?
  private var stage: Stage = .handshaking
  private var heldInput: ByteQueue
  private var unsent: ByteQueue
  private var hasShutdown = false
  /// Among the sessions that keep OpenSSL's record buffers; -1 for none.
  private var warmPlace = -1
  /// errno of a send that failed; 0 for none.
  private var sendFailure: Int32 = 0
  private(set) lazy var knownPeer = readPeer()

  /// Why it failed; nil while it has not.
  package private(set) var failure: TLSFailure?
  /// What the verification of the peer's certificate found wrong, also where that was forgiven (ACCEPT_UNTRUSTED).
  package internal(set) var verificationFailure: VerificationFailure?
  /// The certificate that did not pass; kept for the words about it, and never an identity.
  var refusedPeer: PeerCertificate?
  /// Whether a peer's certificate was there and passed every check that is configured.
  package internal(set) var isPeerValidated = false

  init(_ context: TLSContext, _ buffers: TLSBuffers, _ options: TLSSessionOptions, ssl: OpaquePointer?) {
    self.context = context
    self.buffers = buffers
    self.options = options
    self.ssl = ssl
    heldInput = ByteQueue(pool: buffers.loop.pool)
    unsent = ByteQueue(pool: buffers.loop.pool)
    super.init(speaksFirst: context.role == .client)
    guard let ssl, let bio = buffers.bio else { return }
    BIO_up_ref(bio)
    SSL_set_bio(ssl, bio, bio)
    SSL_set_ex_data(ssl, TLSContext.sessionIndex, Unmanaged.passUnretained(self).toOpaque())
    if context.role == .client { SSL_set_connect_state(ssl) } else { SSL_set_accept_state(ssl) }
  }

  deinit {
    if warmPlace >= 0 { buffers.leave(warmPlace) }
    guard let ssl else { return }
    // A connection cut short must not spoil its session for the next.
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
    SSL_free(ssl)
  }

  /// The session of a callback of OpenSSL's.
  static func of(_ ssl: OpaquePointer?) -> TLSSession? {
    guard let ssl, let data = SSL_get_ex_data(ssl, TLSContext.sessionIndex) else { return nil }
    return Unmanaged<TLSSession>.fromOpaque(data).takeUnretainedValue()
  }

  package override var hasUnsent: Bool { !unsent.isEmpty }

  package override var failureReason: String { failure?.reason ?? "" }

  // MARK: Handshake

  package override func handshake() -> HandshakeProgress {
    guard let ssl else { return fail(counter: .connectionError, "no memory for a TLS session") }
    begin()
    defer { end() }
    if !sendUnsent() { return sendFailure == 0 ? .waits : .socketFailed(sendFailure) }
    // OpenSSL reads tickets in the thread's default library context, whatever the session's is.
    let ordinary = OSSL_LIB_CTX_set0_default(TLSLibrary.context)
    defer { OSSL_LIB_CTX_set0_default(ordinary) }
    while true {
      let result = SSL_do_handshake(ssl)
      let error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl, result)
      sendOutput()
      if result == 1 {
        stage = .open
        hasMore = !buffers.isDrained || buffers.hasInput
        return .done
      }
      switch error {
      case SSL_ERROR_WANT_READ: return sendFailure == 0 ? .waits : .socketFailed(sendFailure)
      case SSL_ERROR_WANT_WRITE:
        if sendFailure != 0 { return .socketFailed(sendFailure) }
        if hasUnsent { return .waits }
      default: return handshakeFailed(error)
      }
    }
  }

  private func handshakeFailed(_ error: Int32) -> HandshakeProgress {
    if buffers.hasEnded, error == SSL_ERROR_SYSCALL {
      note(TLSFailure(counter: nil, reason: "the peer closed the connection during the TLS handshake"))
      return .peerClosed
    }
    if buffers.readFailure != 0, error == SSL_ERROR_SYSCALL { return .socketFailed(buffers.readFailure) }
    failFromQueue()
    return .failed
  }

  private func fail(counter: TLSFailure.Counter, _ reason: String) -> HandshakeProgress {
    note(TLSFailure(counter: counter, reason: reason))
    hasFailed = true
    return .failed
  }

  private func failFromQueue() {
    hasFailed = true
    note(describe(OpenSSLError.take()))
  }

  private func note(_ failure: TLSFailure) {
    stage = .failed
    if self.failure == nil { self.failure = failure }
  }

  // MARK: Reading

  package override func receive(into target: UnsafeMutableRawBufferPointer) -> Int {
    guard let ssl, stage == .open, let start = target.baseAddress else { return broken() }
    if unsent.count > Self.unsentLimit {
      note(TLSFailure(counter: .connectionError, reason: "TLS error: the peer asks for more answers than it reads"))
      return broken()
    }
    begin()
    defer { end() }
    var total = 0
    while total < target.count {
      let room = target.count - total
      buffers.limitReads(to: room)
      let count = SSL_read(ssl, start + total, Int32(clamping: room))
      if count > 0 {
        total += Int(count)
        // Another call to the kernel is worth its while only for room that a record fits in.
        if !buffers.hasInput, buffers.isDrained || target.count - total < TLSBuffers.recordSize { break }
        continue
      }
      let error = SSL_get_error(ssl, count)
      sendOutput()
      if let result = stopped(error, total) { return result }
    }
    sendOutput()
    hasMore = !buffers.isDrained || buffers.hasInput || SSL_pending(ssl) > 0
    return total
  }

  /// What `receive` returns when SSL_read gave nothing; nil to go on.
  private func stopped(_ error: Int32, _ total: Int) -> Int? {
    // What was read before an end or a failure is delivered first; the next call meets it again.
    hasMore = total > 0 && error != SSL_ERROR_WANT_READ
    if total > 0 && error != SSL_ERROR_WANT_WRITE { return keepForLater(error, total) }
    switch error {
    case SSL_ERROR_WANT_READ: return nothing(EAGAIN)
    case SSL_ERROR_WANT_WRITE: return hasUnsent ? (total > 0 ? total : nothing(EAGAIN)) : nil
    case SSL_ERROR_ZERO_RETURN: return 0
    case SSL_ERROR_SYSCALL where buffers.hasEnded: return 0
    case SSL_ERROR_SYSCALL where buffers.readFailure != 0: return nothing(buffers.readFailure)
    default:
      failFromQueue()
      return broken()
    }
  }

  private func keepForLater(_ error: Int32, _ total: Int) -> Int {
    if error == SSL_ERROR_SSL { failFromQueue() }
    return total
  }

  private func nothing(_ code: Int32) -> Int {
    errno = code
    return -1
  }

  private func broken() -> Int {
    hasFailed = true
    return nothing(EPROTO)
  }

  // MARK: Writing

  package override func transmit(_ first: ByteView, _ second: ByteView) -> Int {
    guard let ssl, stage == .open else { return broken() }
    begin()
    defer { end() }
    if !sendUnsent() { return sendFailure == 0 ? 0 : nothing(sendFailure) }
    let total = first.count + second.count
    var taken = 0
    while taken < total {
      let record = nextRecord(first, second, taken)
      let count = SSL_write(ssl, record.start, Int32(truncatingIfNeeded: record.count))
      if count > 0 {
        taken += Int(count)
        if buffers.hasRoomForRecord { continue }
      } else if SSL_get_error(ssl, count) != SSL_ERROR_WANT_WRITE {
        failFromQueue()
        return broken()
      }
      sendOutput()
      if sendFailure != 0 { return nothing(sendFailure) }
      if hasUnsent { return taken }
    }
    sendOutput()
    return sendFailure == 0 ? taken : nothing(sendFailure)
  }

  /// A record's worth of what is left: of one run where it fills a record or is all there is, else gathered.
  private func nextRecord(_ first: ByteView, _ second: ByteView, _ taken: Int) -> ByteView {
    if taken >= first.count {
      return second.dropFirst(taken - first.count).prefix(TLSBuffers.plaintextSize)
    }
    let rest = first.dropFirst(taken)
    if second.isEmpty || rest.count >= TLSBuffers.plaintextSize { return rest.prefix(TLSBuffers.plaintextSize) }
    let joined = second.prefix(TLSBuffers.plaintextSize - rest.count)
    memcpy(buffers.staging, rest.start, rest.count)
    memcpy(buffers.staging + rest.count, joined.start, joined.count)
    return ByteView(start: buffers.staging, count: rest.count + joined.count)
  }

  package override func shutdown() {
    guard let ssl, stage == .open, !hasShutdown else { return }
    hasShutdown = true
    begin()
    defer { end() }
    SSL_shutdown(ssl)
    ERR_clear_error()
    sendOutput()
  }

  // MARK: Buffers

  /// Gives OpenSSL's record buffers back, as far as they hold nothing.
  func cool() {
    warmPlace = -1
    if let ssl { SSL_free_buffers(ssl) }
  }

  private func begin() {
    buffers.begin(descriptor)
    if warmPlace < 0 { warmPlace = buffers.warm(self) }
    // What another left in the thread's queue would be taken for this call's; looking is a quarter of clearing.
    if ERR_peek_error() != 0 { ERR_clear_error() }
    if !heldInput.isEmpty {
      buffers.restore(heldInput.view)
      heldInput.removeAll()
    }
  }

  /// Leaves nothing of this session in the shared buffers.
  private func end() {
    if buffers.hasInput { heldInput.append(buffers.takeInput()) }
    if buffers.hasOutput { sendOutput() }
  }

  /// Sends what waited. Returns whether nothing waits any more.
  private func sendUnsent() -> Bool {
    while !unsent.isEmpty {
      let count = Sockets.send(descriptor, unsent.view)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        if errno != EAGAIN && errno != EWOULDBLOCK { sendFailure = errno }
        return false
      }
      unsent.consume(count)
    }
    return true
  }

  /// Sends what OpenSSL has written, behind what waits; the rest waits.
  private func sendOutput() {
    guard buffers.hasOutput else { return }
    let bytes = buffers.takeOutput()
    if !unsent.isEmpty {
      unsent.append(bytes)
      _ = sendUnsent()
      return
    }
    var sent = 0
    while sent < bytes.count {
      let count = Sockets.send(descriptor, bytes.dropFirst(sent))
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        if errno != EAGAIN && errno != EWOULDBLOCK { sendFailure = errno }
        break
      }
      sent += count
    }
    if sendFailure == 0 { unsent.append(bytes.dropFirst(sent)) }
  }
}
