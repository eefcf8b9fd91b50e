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
