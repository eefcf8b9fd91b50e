import Reactor

/// What the first bytes of a connection say about TLS: the server name and the protocols that a ClientHello asks for
/// (RFC 8446 §4.1.2), read without answering it.
///
/// The bytes are a stranger's: every length is checked against what is there, and nothing past ``maxSize`` is looked at.
/// What is taken for TLS, and when more is waited for, is as in Envoy's tls_inspector: whole records, and the message
/// whole, before anything in it counts; cipher suites and versions are the handshake's business.
package struct ClientHello: Equatable {
  /// How far the bytes go towards a ClientHello.
  package enum Outcome: Equatable {
    /// They are the beginning of one.
    case needsMore
    /// They are no TLS, or a ClientHello that no server would take.
    case notTLS(Failure)
    /// The ClientHello does not fit the limit.
    case tooLarge
    case found(ClientHello)
  }

  /// Envoy's limit for a ClientHello with its record headers (`TLS_MAX_CLIENT_HELLO`).
  package static let maxSize = 16 * 1024

  /// Host name of the server_name extension (RFC 6066 §3), in lower case; empty for none.
  package private(set) var serverName: [UInt8] = []
  /// In the client's order (RFC 7301 §3.1); empty for none.
  package private(set) var applicationProtocols: [[UInt8]] = []

  /// Looks at all that the client has sent so far.
  package static func parse(_ bytes: ByteView, limit: Int = maxSize) -> Outcome {
    var handshake = HandshakeBytes(bytes.prefix(limit))
    do throws(Failure) {
      guard try handshake.assemble() else { return bytes.count >= limit ? .tooLarge : .needsMore }
      return .found(try handshake.withMessage { body throws(Failure) in try ClientHello(body: body) })
    } catch {
      return .notTLS(error)
    }
  }

  /// - Parameter body: the handshake message without its header.
  private init(body: ByteView) throws(Failure) {
    var reader = WireReader(body)
    guard let version = reader.uint16(), reader.skip(32), let sessionID = reader.vector8(), sessionID.count <= 32,
      let suites = reader.vector16(), suites.count >= 2, suites.count % 2 == 0,
      let compressions = reader.vector8(), compressions.count > 0
    else { throw .clientHelloParseFailed }
    if !reader.isAtEnd {
      guard let extensions = reader.vector16(), reader.isAtEnd else { throw .clientHelloParseFailed }
      try readExtensions(extensions)
    }
    if version < 0x0301 { throw .connectionRejected }
  }

  private mutating func readExtensions(_ bytes: ByteView) throws(Failure) {
    var reader = WireReader(bytes)
    var seen: Set<UInt16> = []
    while !reader.isAtEnd {
      guard let type = reader.uint16(), let content = reader.vector16(), seen.insert(type).inserted else {
        throw .clientHelloParseFailed
      }
      switch type {
      case 0: try readServerName(content)
      case 16: readProtocols(content)
      default: break
      }
    }
  }

  /// One host name, which is all that the RFC leaves of the list.
  private mutating func readServerName(_ bytes: ByteView) throws(Failure) {
    var reader = WireReader(bytes)
    guard let list = reader.vector16(), reader.isAtEnd else { throw .errorParsingExtension }
    var names = WireReader(list)
    guard let type = names.uint8(), type == 0, let name = names.vector16(), names.isAtEnd,
      (1...255).contains(name.count), name.firstIndex(of: 0) == nil
    else { throw .errorParsingExtension }
    serverName = name.buffer.map(asciiLowercased)
  }

  /// As Envoy: a broken list is as good as none.
  private mutating func readProtocols(_ bytes: ByteView) {
    var reader = WireReader(bytes)
    guard let list = reader.vector16(), reader.isAtEnd else { return }
    var names = WireReader(list)
    var found: [[UInt8]] = []
    while !names.isAtEnd {
      guard let name = names.vector8(), name.count > 0 else { return }
      found.append(Array(name.buffer))
    }
    applicationProtocols = found
  }
}

extension ClientHello {
  /// Why bytes are no ClientHello. Envoy's TLS library has a number and a name for each, and its logs show them.
  package enum Failure: Error, Sendable {
    case clientHelloParseFailed, connectionRejected, encryptedLengthTooLong, errorParsingExtension
    case excessHandshakeData, excessiveMessageSize, httpRequest, httpsProxyRequest, tooManyEmptyFragments
    case unexpectedMessage, unexpectedRecord, wrongVersionNumber

    /// What %DOWNSTREAM_TRANSPORT_FAILURE_REASON% says.
    package var reason: StaticString {
      switch self {
      case .clientHelloParseFailed:
        "TLS_error|error:10000083:SSL_routines:OPENSSL_internal:CLIENTHELLO_PARSE_FAILED:TLS_error_end"
      case .connectionRejected:
        "TLS_error|error:10000085:SSL_routines:OPENSSL_internal:CONNECTION_REJECTED:TLS_error_end"
      case .encryptedLengthTooLong:
        "TLS_error|error:10000092:SSL_routines:OPENSSL_internal:ENCRYPTED_LENGTH_TOO_LONG:TLS_error_end"
      case .errorParsingExtension:
        "TLS_error|error:10000095:SSL_routines:OPENSSL_internal:ERROR_PARSING_EXTENSION:TLS_error_end"
      case .excessHandshakeData:
        "TLS_error|error:100000ff:SSL_routines:OPENSSL_internal:EXCESS_HANDSHAKE_DATA:TLS_error_end"
      case .excessiveMessageSize:
        "TLS_error|error:10000096:SSL_routines:OPENSSL_internal:EXCESSIVE_MESSAGE_SIZE:TLS_error_end"
      case .httpRequest: "TLS_error|error:1000009c:SSL_routines:OPENSSL_internal:HTTP_REQUEST:TLS_error_end"
      case .httpsProxyRequest:
        "TLS_error|error:1000009b:SSL_routines:OPENSSL_internal:HTTPS_PROXY_REQUEST:TLS_error_end"
      case .tooManyEmptyFragments:
        "TLS_error|error:100000e8:SSL_routines:OPENSSL_internal:TOO_MANY_EMPTY_FRAGMENTS:TLS_error_end"
      case .unexpectedMessage:
        "TLS_error|error:100000df:SSL_routines:OPENSSL_internal:UNEXPECTED_MESSAGE:TLS_error_end"
      case .unexpectedRecord:
        "TLS_error|error:100000e1:SSL_routines:OPENSSL_internal:UNEXPECTED_RECORD:TLS_error_end"
      case .wrongVersionNumber:
        "TLS_error|error:100000f7:SSL_routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end"
      }
    }
  }
}

/// The first handshake message of a connection, which may be spread over several records (RFC 8446 §5.1).
private struct HandshakeBytes {
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

/// Reads big-endian numbers and vectors with a length in front (RFC 8446 §3); nil where the bytes do not suffice.
private struct WireReader {
  private var rest: ByteView

  init(_ bytes: ByteView) { rest = bytes }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func skip(_ count: Int) -> Bool { take(count) != nil }

  mutating func uint8() -> UInt8? { take(1).map { $0[0] } }

  mutating func uint16() -> UInt16? { take(2).map { UInt16($0[0]) << 8 | UInt16($0[1]) } }

  /// A vector whose length is told in one byte.
  mutating func vector8() -> ByteView? { uint8().flatMap { take(Int($0)) } }

  /// A vector whose length is told in two bytes.
  mutating func vector16() -> ByteView? { uint16().flatMap { take(Int($0)) } }

  private mutating func take(_ count: Int) -> ByteView? {
    guard rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }
}
