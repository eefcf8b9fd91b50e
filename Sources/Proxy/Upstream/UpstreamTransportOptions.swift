import EnvoyConfig
import HTTP
import Reactor
import Security

/// What a request asks of the TLS of its upstream connection (Envoy's TransportSocketOptions): only requests that ask the
/// same share connections.
struct UpstreamTransportOptions: Hashable {
  /// In place of the cluster's `sni`; empty for that.
  private(set) var serverName = ""
  /// The upstream's certificate must have this name; empty for no such wish.
  private(set) var subjectAltName = ""

  /// `auto_sni` and `auto_san_validation`: the request's host, or what a header says in its place.
  init(_ config: UpstreamHttpProtocolOptions, _ headers: HeaderMap) {
    var host = headers.value(of: .authority) ?? .empty
    if !config.overrideAutoSniHeader.isEmpty {
      if let value = withBytes(config.overrideAutoSniHeader, { headers.value(named: $0) }) { host = value }
    }
    let (name, isAddress) = Self.parse(host)
    if config.autoSni, !isAddress { serverName = name }
    if config.autoSanValidation { subjectAltName = name }
  }

  /// The host without its port, and whether it is an IP address.
  private static func parse(_ authority: ByteView) -> (name: String, isAddress: Bool) {
    let text = authority.string
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      return (String(text[text.index(after: text.startIndex)..<end]), true)
    }
    if Reactor.SocketAddress(ip: text, port: 0) != nil { return (text, true) }
    guard let colon = text.lastIndex(of: ":"), text[text.index(after: colon)...].allSatisfy(\.isNumber) else {
      return (text, false)
    }
    let host = String(text[..<colon])
    return (host, Reactor.SocketAddress(ip: host, port: 0) != nil)
  }
}

extension TLSSessionOptions {
  /// For a connection to a host.
  /// - Parameter alpn: offered where the configuration names no protocols.
  init(_ config: UpstreamTlsContext, _ host: Host, _ options: UpstreamTransportOptions?, alpn: [String]) {
    self.init()
    if let options, !options.serverName.isEmpty {
      serverName = options.serverName
    } else if config.autoHostSni {
      serverName = host.hostname
    }
    if let options, !options.subjectAltName.isEmpty { subjectAltNames = [options.subjectAltName] }
    if config.autoSniSanValidation {
      let sent = serverName.isEmpty ? config.sni : serverName
      if !sent.isEmpty { subjectAltNames = [sent] }
    }
    if config.commonTlsContext.alpnProtocols.isEmpty { alpnProtocols = alpn }
  }
}
