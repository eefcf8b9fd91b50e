import Reactor

/// Upgrades (RFC 9110 §7.8) between the protocols: inside the house they are what HTTP/1.1 writes, on HTTP/2 connections
/// an extended CONNECT (RFC 8441 §4). As Envoy, which logs a WebSocket over HTTP/2 as a GET answered 101.
extension HeaderMap {
  /// Whether a request asks for another protocol, or a response agrees to it: `connection: upgrade`, and which.
  package var isUpgrade: Bool { mayHave(.upgrade) && has(.upgrade) && lists(.connection, "upgrade") }

  /// Whether a request of HTTP/2 is an extended CONNECT.
  package var isExtendedConnect: Bool {
    mayHave(.protocol) && value(of: .protocol)?.isEmpty == false && value(of: .method).map { $0 == "CONNECT" } ?? false
  }

  /// From an extended CONNECT to what HTTP/1.1 writes.
  package func becomeUpgradeRequest() {
    guard let name = value(of: .protocol) else { return }
    set(.upgrade, name)
    set(.connection, "upgrade")
    set(.method, "GET")
    remove(.protocol)
  }

  /// From what HTTP/1.1 writes to an extended CONNECT.
  package func becomeExtendedConnect() {
    guard let name = value(of: .upgrade) else { return }
    set(.protocol, name)
    set(.method, "CONNECT")
    remove(.upgrade)
    remove(.connection)
    dropEmptyLength()
  }

  /// An upstream of HTTP/2 has agreed to an extended CONNECT for `protocol`.
  package func becomeUpgradeResponse(to protocol: ByteView) {
    set(.status, "101")
    set(.upgrade, `protocol`)
    set(.connection, "upgrade")
  }

  /// What an upgrade was answered, for a client of HTTP/2: a 101 is its 200, and a refusal stays what it is.
  package func becomeConnectResponse() {
    if value(of: .status).map({ $0 == "101" }) ?? false { set(.status, "200") }
    remove(.upgrade)
    remove(.connection)
    dropEmptyLength()
  }

  private func dropEmptyLength() {
    if value(of: .contentLength).map({ $0 == "0" }) ?? false { remove(.contentLength) }
  }
}
