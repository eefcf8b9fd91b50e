import Reactor

/// The first handshake message of a connection, which may be spread over several records (RFC 8446 §5.1).
struct HandshakeBytes {
  private static let recordHeader = 5
  private static let messageHeader = 4
  /// What an encrypted record may hold at most; longer ones are no TLS.
  private static let maxRecord = 16_704
  private static let maxMessage = 16_384
  private static let maxEmptyRecords = 32

  private let bytes: ByteView
  /// The message as far as the records before have it.
  private var assembled: [UInt8] = []
  /// Where the message stands in `bytes`, if one record holds it whole.
  private var range: Range<Int>?
  private var emptyRecords = 0

  init(_ bytes: ByteView) { self.bytes = bytes }

  /// Whether the message is there, whole.
  mutating func assemble() throws(ClientHello.Failure) -> Bool {
    var position = 0
    while true {
      let rest = bytes.dropFirst(position)
      guard rest.count >= Self.recordHeader else { return false }
      let length = Int(rest[3]) << 8 | Int(rest[4])
      if rest[1] != 3 { throw position == 0 ? Self.failure(of: rest) : .wrongVersionNumber }
      if length > Self.maxRecord { throw .encryptedLengthTooLong }
      let fragment = rest.dropFirst(Self.recordHeader).prefix(length)
      guard fragment.count == length else { return false }
      if rest[0] != 22 { throw .unexpectedRecord }
      if try take(fragment, at: position + Self.recordHeader) { return true }
      position += Self.recordHeader + length
    }
  }

  /// Takes one record's part of the message. Returns whether that was the last.
  private mutating func take(_ fragment: ByteView, at position: Int) throws(ClientHello.Failure) -> Bool {
    if fragment.isEmpty {
      emptyRecords += 1
      if emptyRecords > Self.maxEmptyRecords { throw .tooManyEmptyFragments }
      return false
    }
    emptyRecords = 0
    if assembled.isEmpty, try Self.isWhole(fragment) {
      range = position + Self.messageHeader..<position + fragment.count
      return true
    }
    assembled.append(contentsOf: fragment.buffer)
    return try withAssembled { message throws(ClientHello.Failure) in try Self.isWhole(message) }
  }

  /// Whether the bytes are exactly one ClientHello.
  private static func isWhole(_ message: ByteView) throws(ClientHello.Failure) -> Bool {
    guard message.count >= messageHeader else { return false }
    let length = Int(message[1]) << 16 | Int(message[2]) << 8 | Int(message[3])
    if length > maxMessage { throw .excessiveMessageSize }
    guard message.count >= messageHeader + length else { return false }
    if message[0] != 1 { throw .unexpectedMessage }
    if message.count > messageHeader + length { throw .excessHandshakeData }
    return true
  }

  /// What else the first bytes may be.
  private static func failure(of bytes: ByteView) -> ClientHello.Failure {
    if bytes.hasPrefix(ByteView("CONNE")) { return .httpsProxyRequest }
    let isHTTP =
      bytes.hasPrefix(ByteView("GET ")) || bytes.hasPrefix(ByteView("POST ")) || bytes.hasPrefix(ByteView("HEAD "))
      || bytes.hasPrefix(ByteView("PUT "))
    return isHTTP ? .httpRequest : .wrongVersionNumber
  }

  func withMessage<Result>(
    _ body: (ByteView) throws(ClientHello.Failure) -> Result
  ) throws(ClientHello.Failure) -> Result {
    if let range { return try body(bytes[range]) }
    return try withAssembled { message throws(ClientHello.Failure) in
      try body(message.dropFirst(Self.messageHeader))
    }
  }

  private func withAssembled<Value>(
    _ body: (ByteView) throws(ClientHello.Failure) -> Value
  ) throws(ClientHello.Failure) -> Value {
    let result = assembled.withUnsafeBytes { whole in
      Result { () throws(ClientHello.Failure) in try body(ByteView(whole)) }
    }
    return try result.get()
  }
}
