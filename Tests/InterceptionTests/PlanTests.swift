import EnvoyConfig
import Proxy
import Reactor
import Testing

@testable import Interception

@Suite struct NameTableTests {
  private func table(_ domains: String...) -> NameTable {
    var table = NameTable()
    for domain in domains { table.insert(domain: domain) }
    return table
  }

  @Test func takesDomainsOfVirtualHosts() {
    let names = table("api.test", "API2.test:8080", "*.wild.test", "*-v1.test", "pre.*")
    for name in ["api.test", "api2.test", "a.wild.test", "a.b.wild.test", "x-v1.test", "pre.anything"] {
      #expect(names.contains(name), "\(name)")
    }
    for name in ["test", "wild.test", "-v1.test", "pre", "xpre.a", "b.api.test", ""] {
      #expect(!names.contains(name), "\(name)")
    }
  }

  @Test func everythingAndAddressesAreNoNames() {
    #expect(table("*", "10.0.0.1", "10.0.0.1:80", "[::1]:80", "") == NameTable())
  }
}

@Suite struct InterceptionPlanTests {
  private func listener(
    _ name: String, _ address: String, _ port: UInt16, _ direction: Listener.TrafficDirection, cluster: String = "c"
  ) -> Listener {
    var listener = Listener()
    listener.name = name
    listener.address = .socketAddress(EnvoyConfig.SocketAddress(address: address, portValue: port))
    listener.trafficDirection = direction
    var proxy = TcpProxy()
    proxy.clusterSpecifier = .cluster(cluster)
    var chain = FilterChain()
    chain.filters = [Filter(name: "t", config: .tcpProxy(proxy))]
    listener.filterChains = [chain]
    return listener
  }

  private func plan(_ listeners: [Listener], hostPorts: [UInt16] = []) -> InterceptionPlan {
    var bootstrap = Bootstrap()
    bootstrap.staticResources.listeners = listeners
    return InterceptionPlan(bootstrap, hostPorts: hostPorts)
  }

  private func address(_ text: String, _ port: UInt16) throws -> Reactor.SocketAddress {
    let address = Reactor.SocketAddress(ip: text, port: port)
    return try #require(address)
  }

  @Test func takesTheListenerThatIsMadeForIt() {
    var capture = listener("", "0.0.0.0", 15001, .outbound)
    capture.useOriginalDst = true
    let plan = plan([listener("a", "127.0.0.1", 15010, .outbound), capture])
    #expect(plan.captureListener == "pillion_outbound")
    #expect(plan.bootstrap.staticResources.listeners.map(\.name) == ["a", "pillion_outbound", "pillion_host"])
    #expect(plan.loopbackPorts == [15010])
  }

  @Test func withoutOneAllPassesThrough() {
    let plan = plan([listener("in", "127.0.0.1", 8080, .inbound, cluster: "app")], hostPorts: [5432])
    #expect(plan.captureListener == "pillion_outbound")
    #expect(plan.insideClusters == ["app"])
    #expect(plan.loopbackPorts == [5432])
    #expect(plan.bootstrap.staticResources.clusters.map(\.name) == ["pillion_passthrough"])
  }

  @Test func decidesByDestination() throws {
    var byAddress = listener("by-address", "10.1.2.3", 443, .outbound)
    byAddress.bindToPort = false
    let plan = plan([listener("a", "127.0.0.1", 15010, .outbound), byAddress], hostPorts: [5432])
    let addresses = VirtualAddresses(["api.test"])
    let virtual = try #require(addresses.pair(for: "api.test")).ipv4.map { "\($0)" }.joined(separator: ".")
    let host = try address("127.0.0.1", 5432)
    let cases: [(String, UInt16, CaptureDecision, CaptureDecision)] = [
      ("127.0.0.1", 15001, .reset, .reset),
      ("::1", 15001, .reset, .reset),
      ("127.0.0.1", 15010, .serve, .serve),
      (
        "127.0.0.1", 5432, .hand(listener: "pillion_host", destination: host),
        .hand(listener: "pillion_host", destination: host)
      ),
      (
        "240.240.255.254", 5432, .hand(listener: "pillion_host", destination: host),
        .hand(listener: "pillion_host", destination: host)
      ),
      (virtual, 80, .serve, .serve),
      ("10.1.2.3", 443, .serve, .serve),
      ("192.0.2.1", 80, .serve, .reset),
    ]
    for (address, port, open, closed) in cases {
      let destination = try self.address(address, port)
      #expect(plan.capturePolicy(addresses, .allowAny).decide(destination) == open, "\(address)")
      #expect(plan.capturePolicy(addresses, .registryOnly).decide(destination) == closed, "\(address)")
    }
  }
}

@Suite struct ResolverSettingsTests {
  @Test func keepTheSearchList() {
    let lines = ResolverSettings.lines(
      host: "nameserver 10.0.0.1\ndomain a.test\nsearch b.test c.test\noptions ndots:3 rotate\n")
    #expect(lines == ["nameserver 240.240.0.10", "search b.test c.test", "options ndots:3 timeout:5 attempts:2"])
    #expect(ResolverSettings.lines(host: "") == ["nameserver 240.240.0.10", "options timeout:5 attempts:2"])
  }
}
