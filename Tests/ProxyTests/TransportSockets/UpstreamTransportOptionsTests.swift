import EnvoyConfig
import HTTP
import Reactor
import Testing

@testable import Proxy

/// What auto_sni and auto_san_validation take from a request; the hosts were tried on Envoy.
@Suite struct UpstreamTransportOptionsTests {
  private func options(_ host: StaticString, header: StaticString? = nil) -> UpstreamTransportOptions {
    var config = UpstreamHttpProtocolOptions()
    config.autoSni = true
    config.autoSanValidation = true
    config.overrideAutoSniHeader = "x-host"
    let headers = HeaderMap()
    headers.add(.authority, ByteView(host))
    if let header { headers.add(named: ByteView("x-host"), ByteView(header)) }
    return UpstreamTransportOptions(config, headers)
  }

  @Test func takesTheHostWithoutItsPort() {
    #expect(options("a.example").serverName == "a.example")
    #expect(options("a.example:8443").serverName == "a.example")
    #expect(options("a.example:8443").subjectAltName == "a.example")
  }

  @Test func takesNoAddressForAName() {
    for host: StaticString in ["127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:80"] {
      #expect(options(host).serverName == "")
    }
    #expect(options("127.0.0.1:80").subjectAltName == "127.0.0.1")
    #expect(options("[::1]:80").subjectAltName == "::1")
  }

  @Test func takesAHeaderInTheHostsPlace() {
    #expect(options("a.example", header: "b.example").serverName == "b.example")
    #expect(options("a.example", header: "b.example") != options("a.example"))
  }
}
