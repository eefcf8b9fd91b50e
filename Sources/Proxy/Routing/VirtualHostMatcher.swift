import EnvoyConfig
import Reactor

/// Finds a virtual host by Envoy's order: the exact domain, the longest `*.suffix`, the longest `prefix.*`, and `*`. Case
/// does not count; a star stands for at least one character.
struct VirtualHostMatcher: Sendable {
  private struct Domain: BitwiseCopyable {
    var text: ConstantBytes
    var virtualHost: Int
  }

  private struct Wildcards: BitwiseCopyable {
    /// Descending.
    var lengths: ConstantList<Int>
    var index: HashIndex
  }

  private let domains: ConstantList<Domain>
  private let exact: HashIndex
  private let suffixes: Wildcards
  private let prefixes: Wildcards
  private let defaultVirtualHost: Int?
  private let ignorePort: Bool

  init(_ config: EnvoyConfig.RouteConfiguration, arena: RouteArena) {
    var builder = Builder(arena: arena)
    for (index, virtualHost) in config.virtualHosts.enumerated() {
      for domain in virtualHost.domains { builder.add(domain, index) }
    }
    domains = arena.list(builder.domains)
    exact = HashIndex(builder.exact, arena: arena)
    suffixes = builder.wildcards(builder.suffixes)
    prefixes = builder.wildcards(builder.prefixes)
    defaultVirtualHost = builder.defaultVirtualHost
    ignorePort = config.ignorePortInHostMatching
  }

  /// The index of the virtual host for a `:authority`.
  func find(_ authority: ByteView) -> Int? {
    if domains.isEmpty { return defaultVirtualHost }
    let host = ignorePort ? authority.withoutPort : authority
    if let found = look(exact, host, HostHash.of(host)) { return found }
    for index in 0..<suffixes.lengths.count {
      let length = suffixes.lengths[index]
      if length >= host.count { continue }
      let end = host.dropFirst(host.count - length)
      if let found = look(suffixes.index, end, HostHash.of(end)) { return found }
    }
    for index in 0..<prefixes.lengths.count {
      let length = prefixes.lengths[index]
      if length >= host.count { continue }
      let start = host.prefix(length)
      if let found = look(prefixes.index, start, HostHash.of(start)) { return found }
    }
    return defaultVirtualHost
  }

  private func look(_ index: HashIndex, _ text: ByteView, _ hash: UInt64) -> Int? {
    guard let found = index.find(hash) else { return nil }
    let domain = domains[found]
    return domain.text.view.equalsIgnoringCase(text) ? domain.virtualHost : nil
  }

  private struct Builder {
    let arena: RouteArena
    var domains: [Domain] = []
    var exact: [UInt64: Int] = [:]
    var suffixes: [UInt64: Int] = [:]
    var prefixes: [UInt64: Int] = [:]
    var defaultVirtualHost: Int?

    /// The configuration has been checked: a domain comes once.
    mutating func add(_ domain: String, _ virtualHost: Int) {
      let text = domain.utf8.map(asciiLowercased)
      let star = UInt8(ascii: "*")
      if text == [star] {
        defaultVirtualHost = virtualHost
        return
      }
      let key: [UInt8]
      if text.first == star {
        key = Array(text.dropFirst())
        suffixes[HostHash.of(key)] = domains.count
      } else if text.last == star {
        key = Array(text.dropLast())
        prefixes[HostHash.of(key)] = domains.count
      } else {
        key = text
        exact[HostHash.of(key)] = domains.count
      }
      domains.append(Domain(text: arena.bytes(key), virtualHost: virtualHost))
    }

    func wildcards(_ found: [UInt64: Int]) -> Wildcards {
      let lengths = Set(found.values.map { domains[$0].text.count })
      return Wildcards(
        lengths: arena.list(lengths.sorted(by: >)), index: HashIndex(found, arena: arena))
    }
  }
}

extension ByteView {
  /// A host without its `:port`; an IPv6 address keeps its brackets.
  var withoutPort: ByteView {
    guard let colon = lastIndex(of: UInt8(ascii: ":")) else { return self }
    if let bracket = lastIndex(of: UInt8(ascii: "]")), bracket > colon { return self }
    return prefix(colon)
  }
}
