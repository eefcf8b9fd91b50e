import COpenSSL
import Glibc
import Reactor

/// What the TLS sessions of one loop share: room for ciphertext on its way in and out, and the BIO that OpenSSL reads and
/// writes it through. One read and one send call carry as many records as there are; a session that waits holds no
/// buffer, only what it could not use (``TLSSession``).
///
/// OpenSSL's own buffers, 34 KiB a session, stay with the few sessions that moved bytes last (``warm(_:)``).
///
/// Free for one call of one session at a time; the session sets it up (``begin(_:)``) and clears it.
package final class TLSBuffers {
  /// Ciphertext read in one call at most.
  static let inputSize = 128 * 1024
  /// Ciphertext that is gathered before it is sent.
  static let outputSize = 128 * 1024
  /// What a full record can take: 2^14 bytes, header and expansion (RFC 8446 §5.2, RFC 5246 §6.2.3).
  static let recordSize = 16 * 1024 + 2048 + 5
  /// Plaintext in a full record.
  static let plaintextSize = 16 * 1024
  /// Sessions that keep their record buffers between calls: 1 MiB of them.
  static let warmCount = 32

  /// The loop gives the time by which certificates are judged.
  let loop: EventLoop
  /// Shared by all sessions of the loop: each holds a reference.
  let bio: OpaquePointer?
  /// A record's plaintext, gathered from several runs.
  let staging: UnsafeMutablePointer<UInt8>
  /// The sessions whose buffers OpenSSL keeps, in a ring: whoever comes takes the oldest one's place.
  private var warmSessions = [Unmanaged<TLSSession>?](repeating: nil, count: warmCount)
  private var nextWarm = 0
  private let inputStart: UnsafeMutablePointer<UInt8>
  private let outputStart: UnsafeMutablePointer<UInt8>

  private var descriptor: Int32 = -1
  private var inputHead = 0
  private var inputTail = 0
  private var outputCount = 0
  /// The next call to the kernel asks for so many bytes.
  private(set) var readLimit = 0
  /// The kernel had less than asked for.
  private(set) var isDrained = false
  private(set) var hasEnded = false
  /// errno of a read that failed; 0 for none.
  private(set) var readFailure: Int32 = 0

  package init(_ loop: EventLoop) {
    self.loop = loop
    inputStart = .allocate(capacity: Self.inputSize)
    outputStart = .allocate(capacity: Self.outputSize)
    staging = .allocate(capacity: Self.plaintextSize)
    bio = BIO_new(Self.method.pointer)
    if let bio { BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque()) }
  }

  deinit {
    // Sessions hold this object, so the BIO's last reference goes here.
    BIO_free(bio)
    OPENSSL_cleanse(staging, Self.plaintextSize)
    inputStart.deallocate()
    outputStart.deallocate()
    staging.deallocate()
  }

  // MARK: A session's call

  func begin(_ descriptor: Int32) {
    self.descriptor = descriptor
    readLimit = Self.recordSize
    isDrained = false
    hasEnded = false
    readFailure = 0
  }

  /// There is room for so much plaintext: more ciphertext would only have to be kept.
  func limitReads(to room: Int) { readLimit = min(max(room, Self.recordSize), Self.inputSize) }

  /// Input that an earlier call of the session's left over. At most what one call reads.
  func restore(_ bytes: ByteView) {
    precondition(bytes.count <= Self.inputSize)
    memcpy(inputStart, bytes.start, bytes.count)
    inputHead = 0
    inputTail = bytes.count
  }

  /// Takes out input that the session did not use.
  func takeInput() -> ByteView {
    let bytes = ByteView(start: inputStart + inputHead, count: inputTail - inputHead)
    inputHead = 0
    inputTail = 0
    return bytes
  }

  var hasInput: Bool { inputHead != inputTail }

  var hasOutput: Bool { outputCount > 0 }

  /// Whether a record more fits before what is gathered must be sent.
  var hasRoomForRecord: Bool { outputCount <= Self.outputSize - Self.recordSize }

  /// Takes out what was gathered.
  func takeOutput() -> ByteView {
    let bytes = ByteView(start: outputStart, count: outputCount)
    outputCount = 0
    return bytes
  }

  // MARK: Record buffers

  /// A session that is none of the warm ones moves bytes: returns its place among them. The one whose place it was gives
  /// its buffers back; while it stays busy it comes again.
  func warm(_ session: TLSSession) -> Int {
    let place = nextWarm
    nextWarm = (nextWarm + 1) % Self.warmCount
    warmSessions[place]?.takeUnretainedValue().cool()
    warmSessions[place] = Unmanaged.passUnretained(session)
    return place
  }

  /// The session in `place` ends.
  func leave(_ place: Int) { warmSessions[place] = nil }

  // MARK: OpenSSL's side

  /// Made once; a table of functions, never changed.
  private struct Method: @unchecked Sendable { let pointer: OpaquePointer? }

  private static let method: Method = {
    let method = BIO_meth_new(Int32(BIO_TYPE_SOURCE_SINK), "pillion")
    BIO_meth_set_read(method) { bio, target, count in
      TLSBuffers.of(bio).use { $0.read(bio, target, count) }
    }
    BIO_meth_set_write(method) { bio, bytes, count in
      TLSBuffers.of(bio).use { $0.write(bio, bytes, count) }
    }
    BIO_meth_set_ctrl(method) { _, command, _, _ in
      command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0
    }
    BIO_meth_set_create(method) { bio in
      BIO_set_init(bio, 1)
      return 1
    }
    return Method(pointer: method)
  }()

  /// The session that makes the call holds them.
  private static func of(_ bio: OpaquePointer?) -> Unretained<TLSBuffers> {
    guard let data = BIO_get_data(bio) else { preconditionFailure("a BIO without its buffers") }
    return Unretained(opaque: data)
  }

  private func read(_ bio: OpaquePointer?, _ target: UnsafeMutablePointer<CChar>?, _ count: Int32) -> Int32 {
    pl_tls_clear_retry(bio)
    guard let target, count > 0 else { return 0 }
    if inputHead == inputTail, !fill() {
      if hasEnded { return 0 }
      if readFailure == 0 { pl_tls_retry_read(bio) }
      return -1
    }
    let length = min(Int(count), inputTail - inputHead)
    memcpy(target, inputStart + inputHead, length)
    inputHead += length
    return Int32(truncatingIfNeeded: length)
  }

  /// Asks the kernel, unless its last answer was short.
  private func fill() -> Bool {
    if isDrained || hasEnded || readFailure != 0 { return false }
    while true {
      let count = Sockets.receive(descriptor, inputStart, readLimit)
      if count > 0 {
        inputHead = 0
        inputTail = count
        isDrained = count < readLimit
        return true
      }
      if count == 0 {
        hasEnded = true
        return false
      }
      let code = errno
      if code == EINTR { continue }
      isDrained = true
      if code != EAGAIN && code != EWOULDBLOCK { readFailure = code }
      return false
    }
  }

  private func write(_ bio: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ count: Int32) -> Int32 {
    pl_tls_clear_retry(bio)
    guard let bytes, count > 0 else { return 0 }
    let length = min(Int(count), Self.outputSize - outputCount)
    if length == 0 {
      pl_tls_retry_write(bio)
      return -1
    }
    memcpy(outputStart + outputCount, bytes, length)
    outputCount += length
    return Int32(truncatingIfNeeded: length)
  }
}
