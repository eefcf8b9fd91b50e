import HTTP
import Reactor
import Testing

/// Upgrades and CONNECT: what follows the head is another protocol's, and an extended CONNECT in HTTP/2 (RFC 8441).
@Suite struct UpgradeTests {
  static let request = "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"

  @Test func aClientsBytesFollowItsUpgrade() {
    let harness = ServerHarness()
    harness.feed(Self.request)
    harness.respond(":status: 101\nconnection: upgrade\nupgrade: websocket", body: nil)
    #expect(
      harness.transport.take().hasSuffix("101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
    )
  }

  @Test func bytesGoBothWaysAsTheyAre() {
    let harness = ServerHarness()
    harness.feed(Self.request + "early")
    harness.encoder?.encodeHeaders(HeaderMap(":status: 101\nconnection: upgrade\nupgrade: x"), endStream: false)
    harness.send("down", endStream: false)
    harness.feed("GET / HTTP/1.1\r\n\r\n")
    #expect(harness.trace.last == "data earlyGET / HTTP/1.1\r\n\r\n")
    #expect(harness.transport.take().hasSuffix("\r\n\r\ndown"))
    harness.send("", endStream: true)
    #expect(harness.log.last == "complete, close")
  }

  @Test func aRefusedUpgradeEndsTheConnection() {
    let harness = ServerHarness()
    harness.feed(Self.request)
    harness.respond(":status: 403", body: "no")
    #expect(harness.transport.take().contains("transfer-encoding: chunked"))
    #expect(harness.log.last == "complete, close")
  }

  @Test func anAnswerToConnectHasNoFraming() {
    let harness = ServerHarness()
    harness.feed("CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n")
    harness.encoder?.encodeHeaders(HeaderMap(":status: 200"), endStream: false)
    harness.send("down", endStream: false)
    #expect(harness.transport.take() == "HTTP/1.1 200 OK\r\n\r\ndown")
  }

  // MARK: Upstream

  static let upgrade = ":method: GET\n:path: /ws\n:authority: h\nconnection: upgrade\nupgrade: websocket"

  @Test func anUpgradeGoesUpWithoutFraming() {
    let harness = ClientHarness()
    harness.request(Self.upgrade, endStream: false)
    harness.send("early", endStream: false)
    #expect(harness.transport.take().hasSuffix("connection: upgrade\r\nupgrade: websocket\r\n\r\nearly"))
    harness.feed("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhello")
    #expect(harness.trace.last == "data hello")
  }

  @Test func aTunnelIsCutOffByItsConnectionsEnd() {
    let harness = ClientHarness()
    harness.request(Self.upgrade, endStream: false)
    harness.feed("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
    harness.close()
    #expect(harness.trace.last == "reset connection termination")
  }

  @Test func aRefusalUpstreamIsAResponse() {
    let harness = ClientHarness()
    harness.request(Self.upgrade, endStream: false)
    harness.feed("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno")
    #expect(harness.trace.suffix(2) == ["data no", "end"])
    #expect(harness.log == ["unfinished"])
  }

  // MARK: Between the protocols

  @Test func anExtendedConnectIsAnUpgradeInside() {
    let head = HeaderMap(":method: CONNECT\n:protocol: websocket\n:path: /ws\n:authority: h")
    #expect(head.isExtendedConnect)
    head.becomeUpgradeRequest()
    #expect(head.text == ":method: GET|:path: /ws|:authority: h|upgrade: websocket|connection: upgrade")
    #expect(head.isUpgrade && !head.isExtendedConnect)
    head.becomeExtendedConnect()
    #expect(head.text == ":method: CONNECT|:path: /ws|:authority: h|:protocol: websocket")
  }

  @Test func aHundredAndOneIsATwoHundred() {
    let head = HeaderMap(":status: 101\nupgrade: websocket\nconnection: upgrade\nx: y\ncontent-length: 0")
    head.becomeConnectResponse()
    #expect(head.text == ":status: 200|x: y")
    head.becomeUpgradeResponse(to: ByteView("websocket"))
    #expect(head.text == ":status: 101|x: y|upgrade: websocket|connection: upgrade")
  }

  @Test func aRefusalStaysOne() {
    let head = HeaderMap(":status: 426\nupgrade: websocket\nconnection: upgrade\nx: y")
    head.becomeConnectResponse()
    #expect(head.text == ":status: 426|x: y")
  }

  @Test func whatConnectionDoesNotNameIsNoUpgrade() {
    #expect(!HeaderMap(":method: GET\nupgrade: websocket").isUpgrade)
    #expect(!HeaderMap(":method: GET\nconnection: upgrade").isUpgrade)
    #expect(!HeaderMap(":method: CONNECT\n:authority: h:80").isExtendedConnect)
  }
}
