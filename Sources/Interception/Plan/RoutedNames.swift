import EnvoyConfig
import Reactor

/// Which names lead to which ports of the listeners that the app's connections come to: domains of virtual hosts and server
/// names of filter chains. Later the mesh's services join them here.
package struct RoutedNames: Sendable, Equatable {
  private struct Scope: Sendable, Equatable {
    var names = NameTable()
    /// Nil: any.
    let port: UInt16?
  }

  private var scopes: [Scope] = []

  /// - Parameter captureListener: the name of the one that takes all else; nil where the configuration has none.
  init(_ listeners: [Listener], captureListener: String?) {
    for listener in listeners where listener.trafficDirection != .inbound {
      if listener.name == captureListener {
        for chain in listener.filterChains { insert(chain, port: chain.filterChainMatch.destinationPort) }
        if let chain = listener.defaultFilterChain { insert(chain, port: nil) }
      } else if captureListener != nil, let port = listener.portOfEveryAddress {
        for chain in listener.filterChains + (listener.defaultFilterChain.map { [$0] } ?? []) {
          insert(chain, port: port)
        }
      }
    }
  }

  /// Whether a name has an address of its own.
  package func contains(_ name: String) -> Bool { scopes.contains { $0.names.contains(name) } }

  /// Whether connections to this port of it are the configuration's.
  package func contains(_ name: String, port: UInt16) -> Bool {
    scopes.contains { ($0.port == nil || $0.port == port) && $0.names.contains(name) }
  }

  /// Without wildcards.
  package var exact: Set<String> { scopes.reduce(into: []) { $0.formUnion($1.names.exact) } }

  /// Adds a name that leads to a port.
  mutating func insert(_ name: String, port: UInt16) {
    var scope = Scope(port: port)
    scope.names.insert(domain: name)
    scopes.append(scope)
  }

  private mutating func insert(_ chain: FilterChain, port: UInt16?) {
    var scope = Scope(port: port)
    for name in chain.filterChainMatch.serverNames { scope.names.insert(domain: name) }
    for case .httpConnectionManager(let manager) in chain.filters.map(\.config) {
      for domain in manager.routeConfig.virtualHosts.flatMap(\.domains) { scope.names.insert(domain: domain) }
    }
    if !scope.names.isEmpty { scopes.append(scope) }
  }
}

extension Listener {
  /// Of a listener that takes connections to its port whatever their address.
  var portOfEveryAddress: UInt16? {
    guard case .socketAddress(let address) = address,
      let parsed = Reactor.SocketAddress(ip: address.address, port: address.portValue),
      parsed.ipBytes.allSatisfy({ $0 == 0 })
    else { return nil }
    return parsed.port
  }
}
