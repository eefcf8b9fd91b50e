import Reactor
import Testing

@testable import Proxy

/// What the inspector takes for TLS; each case was tried on Envoy's.
@Suite struct ClientHelloTests {
  private let name = Array("a.example.com".utf8)

  private func parse(_ bytes: [UInt8]) -> ClientHello.Outcome {
    bytes.withUnsafeBytes { ClientHello.parse(ByteView($0)) }
  }

  private func found(_ bytes: [UInt8]) -> ClientHello? {
    if case .found(let hello) = parse(bytes) { return hello }
    return nil
  }

  @Test func readsServerNameAndProtocols() {
    let hello = found(record(message(serverName(Array("A.Example.com".utf8)) + protocols(["h2", "http/1.1"]))))
    #expect(hello?.serverName == name)
    #expect(hello?.applicationProtocols == [Array("h2".utf8), Array("http/1.1".utf8)])
  }

  @Test func takesAHelloThatAsksForNothing() {
    #expect(found(record(message([])))?.serverName == [])
    #expect(found(record(message(nil)))?.applicationProtocols == [])
  }

  @Test func waitsForEveryByte() {
    let whole = record(message(serverName(name)))
    for length in 0..<whole.count { #expect(parse(Array(whole[0..<length])) == .needsMore) }
    #expect(found(whole)?.serverName == name)
    #expect(found(whole + [1, 2, 3])?.serverName == name)
  }

  @Test func putsRecordsTogether() {
    let hello = message(serverName(name))
    let parts = record(Array(hello[0..<3])) + record([]) + record(Array(hello[3..<20])) + record(Array(hello[20...]))
    for length in 0..<parts.count { #expect(parse(Array(parts[0..<length])) == .needsMore) }
    #expect(found(parts)?.serverName == name)
  }

  @Test(arguments: [
    (Array("hello".utf8), ClientHello.Failure.wrongVersionNumber), (Array("GET / HTTP/1.1".utf8), .httpRequest),
    (Array("PUT /".utf8), .httpRequest), (Array("DELETE /".utf8), .wrongVersionNumber),
    (Array("CONNECT a:1".utf8), .httpsProxyRequest), ([22, 3, 1, 0x41, 0x41], .encryptedLengthTooLong),
    ([20, 3, 1, 0, 1, 1], .unexpectedRecord), ([22, 3, 1, 0, 4, 2, 0, 0, 0], .unexpectedMessage),
    ([22, 3, 1, 0, 4, 1, 0, 0x40, 1], .excessiveMessageSize), ([22, 3, 1, 0, 4, 1, 0, 0, 0], .clientHelloParseFailed),
  ])
  func knowsWhatIsNoTLS(_ bytes: [UInt8], _ failure: ClientHello.Failure) {
    #expect(parse(bytes) == .notTLS(failure))
  }

  @Test func refusesBrokenHellos() {
    #expect(parse(record(message(serverName(name)) + [0])) == .notTLS(.excessHandshakeData))
    #expect(parse(record(message(serverName(name), version: 0x0300))) == .notTLS(.connectionRejected))
    #expect(parse(record(message(serverName(name, type: 1)))) == .notTLS(.errorParsingExtension))
    #expect(parse(record(message(serverName([0x61, 0])))) == .notTLS(.errorParsingExtension))
    #expect(parse(record(message(serverName([])))) == .notTLS(.errorParsingExtension))
    #expect(parse(record(message(serverName(name) + serverName(name)))) == .notTLS(.clientHelloParseFailed))
    let empty = (0..<33).flatMap { _ in record([]) }
    #expect(parse(empty) == .notTLS(.tooManyEmptyFragments))
  }

  @Test func passesOverBrokenProtocols() {
    #expect(found(record(message(serverName(name) + [0, 16, 0, 3, 0, 1, 9])))?.applicationProtocols == [])
    #expect(found(record(message(serverName(name) + protocols(["h2", ""]))))?.applicationProtocols == [])
  }

  @Test func hasALimit() {
    let large = [22, 3, 1, 0x40, 0, 1, 0, 0x40, 0] + [UInt8](repeating: 0, count: ClientHello.maxSize)
    #expect(parse(large) == .tooLarge)
    #expect(parse(Array(large[0..<ClientHello.maxSize - 1])) == .needsMore)
  }
}

private func vector16(_ bytes: [UInt8]) -> [UInt8] { [UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes }

private func serverName(_ name: [UInt8], type: UInt8 = 0) -> [UInt8] {
  [0, 0] + vector16(vector16([type] + vector16(name)))
}

private func protocols(_ names: [String]) -> [UInt8] {
  [0, 16] + vector16(vector16(names.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }))
}

private func message(_ extensions: [UInt8]?, version: UInt16 = 0x0303) -> [UInt8] {
  let head = [UInt8(version >> 8), UInt8(version & 255)] + [UInt8](repeating: 7, count: 32) + [0, 0, 2, 0x13, 1, 1, 0]
  let body = head + (extensions.map(vector16) ?? [])
  return [1, 0] + vector16(body)
}

private func record(_ fragment: [UInt8]) -> [UInt8] { [22, 3, 1] + vector16(fragment) }
