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

/// An outbound listener whose one filter chain routes by these domains.
func httpListener(
  _ name: String, _ address: String, _ port: UInt16, domains: [String], chainPort: UInt16? = nil
) -> Listener {
  var listener = Listener()
  listener.name = name
  listener.address = .socketAddress(EnvoyConfig.SocketAddress(address: address, portValue: port))
  listener.trafficDirection = .outbound
  var manager = HttpConnectionManager()
  var host = VirtualHost()
  host.domains = domains
  manager.routeConfig.virtualHosts = [host]
  var chain = FilterChain()
  chain.filterChainMatch.destinationPort = chainPort
  chain.filters = [Filter(name: "http", config: .httpConnectionManager(manager))]
  listener.filterChains = [chain]
  return listener
}

@Suite struct RoutedNamesTests {
  @Test func knowThePortsOfAName() {
    var hidden = httpListener("hidden", "0.0.0.0", 8080, domains: ["b.test"])
    hidden.bindToPort = false
    let names = RoutedNames(
      [
        httpListener("out", "0.0.0.0", 15001, domains: ["a.test"], chainPort: 80), hidden,
        httpListener("explicit", "127.0.0.1", 15010, domains: ["c.test"]),
      ], captureListener: "out")
    #expect(names.contains("a.test") && names.contains("b.test") && !names.contains("c.test"))
    #expect(names.contains("a.test", port: 80) && !names.contains("a.test", port: 443))
    #expect(names.contains("b.test", port: 8080) && !names.contains("b.test", port: 80))
    #expect(names.exact == ["a.test", "b.test"])
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
    var capture = httpListener("out", "0.0.0.0", 15001, domains: ["api.test"], chainPort: 80)
    capture.useOriginalDst = true
    var byAddress = listener("by-address", "10.1.2.3", 443, .outbound)
    byAddress.bindToPort = false
    let plan = plan([capture, listener("a", "127.0.0.1", 15010, .outbound), byAddress], hostPorts: [5432])
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
      (virtual, 443, .resolve(name: "api.test"), .reset),
      ("10.1.2.3", 443, .serve, .serve),
      ("192.0.2.1", 80, .serve, .reset),
    ]
    for (address, port, open, closed) in cases {
      let destination = try self.address(address, port)
      #expect(plan.capturePolicy(addresses, .allowAny, HostResolver()).decide(destination) == open, "\(address)")
      #expect(plan.capturePolicy(addresses, .registryOnly, HostResolver()).decide(destination) == closed, "\(address)")
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

@Suite struct CapturedPortsTests {
  @Test func areThoseThatTheFileNames() {
    var chained = httpListener("out", "0.0.0.0", 15001, domains: ["a.test", "b.test:9090"], chainPort: 8000)
    chained.useOriginalDst = true
    var hidden = httpListener("hidden", "0.0.0.0", 7000, domains: ["c.test"])
    hidden.bindToPort = false
    var bootstrap = Bootstrap()
    bootstrap.staticResources.listeners = [
      chained, hidden, httpListener("explicit", "127.0.0.1", 15010, domains: ["d.test"]),
    ]
    let plan = InterceptionPlan(bootstrap, hostPorts: [5432, 53])
    #expect(plan.capturedPorts == [80, 443, 5432, 7000, 8000, 9090, 15010])
  }
}

@Suite struct CapturedOutboundTests {
  private func decide(_ address: String, _ port: UInt16, isInside: Bool) -> CaptureDecision? {
    var bootstrap = Bootstrap()
    bootstrap.staticResources.listeners = [httpListener("own", "127.0.0.1", 15010, domains: ["a.test"])]
    let plan = InterceptionPlan(bootstrap, hostPorts: [5432])
    let policy = plan.capturePolicy(
      VirtualAddresses(plan.names.exact), .allowAny, HostResolver(), isInside: isInside)
    return Reactor.SocketAddress(ip: address, port: port).map { policy.decide($0) }
  }

  @Test func onlyPortsThatTheAppMayUseAreTheHosts() {
    for address in ["127.0.0.1", "10.244.0.2", "::1"] {
      for port: UInt16 in [5432, 15010] where port != 15010 || address != "127.0.0.1" {
        #expect(decide(address, port, isInside: true) == decide("240.240.255.254", port, isInside: true), "\(address)")
      }
      #expect(decide(address, 80, isInside: true) == .reset)
      #expect(decide(address, 15001, isInside: true) == .reset)
    }
  }

  @Test func ourListenerIsServedWhereItIs() { #expect(decide("127.0.0.1", 15010, isInside: true) == .serve) }

  @Test func onTheHostLoopbackIsNotCaptured() {
    #expect(decide("127.0.0.1", 5432, isInside: false) == .reset)
    #expect(decide("10.244.0.2", 80, isInside: false) == .serve)
  }
}

@Suite struct LoopbackPlacesTests {
  private func address(_ text: String, _ port: UInt16) -> Reactor.SocketAddress? {
    Reactor.SocketAddress(ip: text, port: port)
  }

  private func decide(
    _ text: String, _ port: UInt16, listener: String, admin: String? = nil
  ) throws -> LoopbackPlaces.Decision {
    let places = LoopbackPlaces(
      listeners: [try #require(address(listener, 15010))], admin: admin.flatMap { address($0, 19901) },
      hostPorts: [5432])
    #expect(places.ports == [5432, 15010] + (admin == nil ? [] : [19901]))
    return places.decide(try #require(address(text, port)), opensAllPorts: false)
  }

  @Test func areAtTheirVeryAddresses() throws {
    for place in ["127.0.0.10", "::1"] {
      let admin = try #require(address(place, 19901))
      #expect(try decide(place, 19901, listener: place, admin: place) == .host(admin))
      #expect(try decide(place, 15010, listener: place, admin: place) == .listener)
      #expect(try decide("127.0.0.1", 19901, listener: place, admin: place) == .none)
      #expect(try decide("127.0.0.1", 15010, listener: place, admin: place) == .none)
    }
  }

  @Test func localhostMeansAnyOfThem() throws {
    let host = try #require(address("127.0.0.1", 15010))
    #expect(try decide("::1", 15010, listener: "127.0.0.1") == .host(host))
    #expect(try decide("::1", 15010, listener: "0.0.0.0") == .host(host))
    #expect(try decide("127.0.0.9", 15010, listener: "0.0.0.0") == .listener)
    #expect(try decide("127.0.0.1", 5432, listener: "::1") == .host(try #require(address("127.0.0.1", 5432))))
  }
}

@Suite struct HostPortTests {
  @Test func isAPortOrAuto() {
    #expect(HostPort("5432") == .port(5432) && HostPort("auto") == .auto)
    #expect(HostPort("0") == nil && HostPort("65536") == nil && HostPort("all") == nil)
  }

  @Test func areThoseThatLoopbackReaches() {
    let sockets = ListeningSockets(
      """
      0: 0100007F:1538 00000000:0000 0A
      1: 00000000:18EB 00000000:0000 0A
      2: 0200007F:0050 00000000:0000 0A
      3: 0100007F:0051 00000000:0000 01
      4: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A
      5: 00000000000000000000000001000000:1F91 00000000000000000000000000000000:0000 0A
      6: 0000000000000000FFFF00000100007F:1F92 00000000000000000000000000000000:0000 0A
      """)
    #expect(HostPortWatcher.ports(sockets, except: [8080]) == [5432, 6379, 8082])
  }
}

@Suite struct RootfulRulesTests {
  private let unified = "29 23 0:26 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n"
  private let hybrid = "35 30 0:31 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"

  @Test func matchByACgroupWhereNftHasWordsForIt() {
    let rules = RootfulRules(
      match: RootfulRules.match(mounts: unified, groups: "0::/user.slice/session-1.scope\n"), leftOver: [])
    let level = "socket cgroupv2 level 3 \"user.slice/session-1.scope/pillion-PID-NS\" jump app"
    #expect(rules.description.contains(level))
    #expect(RootfulRules.match(mounts: unified, groups: "0::/\n") == .cgroup(path: "pillion-PID-NS"))
  }

  @Test func matchByAGroupElsewhere() {
    #expect(RootfulRules.match(mounts: hybrid, groups: "1:cpu:/\n0::/\n") == .group)
    #expect(RootfulRules(match: .group, leftOver: ["x"]).description.contains("meta skgid 1337 jump app"))
  }

  @Test func registryOnlyLetsNoDatagramsOut() {
    let rules = RootfulRules(match: .group, leftOver: [], policy: .registryOnly).description
    #expect(rules.contains("type filter hook output") && rules.contains("meta skgid 1337 jump others"))
    #expect(!RootfulRules(match: .group, leftOver: []).description.contains("others {"))
  }
}
