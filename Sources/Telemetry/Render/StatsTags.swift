/// Takes a stat's name apart as Envoy's default tag extractors do: `cluster.a.upstream_rq_503` is `cluster.upstream_rq`
/// with envoy_response_code 503 and envoy_cluster_name a. So a dot in a cluster's name splits it, as there.
struct StatsTags {
  /// A pattern of dot-separated tokens at the start of the name, with at least one more after it: `*` is any token, `$`
  /// the tag's value, which is cut out.
  private struct Pattern {
    let tag: String
    let tokens: [String]

    init(_ tag: String, _ pattern: String) {
      self.tag = tag
      tokens = pattern.split(separator: ".").map(String.init)
    }
  }

  private static let first = [
    Pattern("envoy_virtual_cluster", "vhost.*.vcluster.$"), Pattern("envoy_fault_downstream_cluster", "http.*.fault.$"),
    Pattern("envoy_http_user_agent", "http.*.user_agent.$"), Pattern("envoy_tcp_prefix", "tcp.$"),
    Pattern("envoy_udp_prefix", "udp.$"), Pattern("envoy_clientssl_prefix", "auth.clientssl.$"),
    Pattern("envoy_ratelimit_prefix", "ratelimit.$"), Pattern("envoy_grpc_bridge_method", "cluster.*.grpc.*.$"),
    Pattern("envoy_grpc_bridge_service", "cluster.*.grpc.$"), Pattern("envoy_cluster_name", "cluster.$"),
  ]

  private static let last = [
    Pattern("envoy_http_conn_manager_prefix", "http.$"), Pattern("envoy_virtual_host", "vhost.$"),
    Pattern("envoy_route", "vhost.*.route.$"), Pattern("envoy_local_http_ratelimit_prefix", "$.http_local_rate_limit"),
    Pattern("envoy_local_network_ratelimit_prefix", "local_rate_limit.$"),
    Pattern("envoy_local_listener_ratelimit_prefix", "listener_local_ratelimit.$"),
    Pattern("envoy_connection_limit_prefix", "connection_limit.$"),
    Pattern("envoy_ext_authz_prefix", "http.*.ext_authz.$"),
  ]

  /// The name without what became tags.
  private(set) var name = ""
  private(set) var tags: [(name: String, value: String)] = []

  private let bytes: [UInt8]
  private let tokens: [Range<Int>]
  private var cut: [Range<Int>] = []

  init(_ fullName: String) {
    bytes = Array(fullName.utf8)
    tokens = Self.tokens(of: bytes)
    takeResponseCode()
    for pattern in Self.first { take(pattern) }
    takeListenerHTTPPrefix()
    for pattern in Self.last.prefix(1) { take(pattern) }
    takeListener()
    for pattern in Self.last.dropFirst() { take(pattern) }
    takeRouteConfiguration()
    name = remaining()
  }

  private static func tokens(of bytes: [UInt8]) -> [Range<Int>] {
    var tokens: [Range<Int>] = []
    var start = 0
    for (index, byte) in bytes.enumerated() where byte == 0x2e {
      tokens.append(start..<index)
      start = index + 1
    }
    return tokens + [start..<bytes.count]
  }

  private func remaining() -> String {
    let kept = bytes.indices.filter { index in !cut.contains { $0.contains(index) } }
    return String(decoding: kept.map { bytes[$0] }, as: UTF8.self)
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  /// Makes the tokens a tag and cuts them out with their dot.
  private mutating func take(_ tag: String, tokens range: ClosedRange<Int>) {
    let value = tokens[range.lowerBound].lowerBound..<tokens[range.upperBound].upperBound
    guard !value.isEmpty, range.upperBound + 1 < tokens.count else { return }
    tags.append((tag, text(value)))
    cut.append(value.lowerBound..<value.upperBound + 1)
  }

  private mutating func take(_ pattern: Pattern) {
    guard tokens.count > pattern.tokens.count else { return }
    var value: Int?
    for (index, token) in pattern.tokens.enumerated() {
      switch token {
      case "*": continue
      case "$": value = index
      default: if !bytes[tokens[index]].elementsEqual(token.utf8) { return }
      }
    }
    if let value { take(pattern.tag, tokens: value...value) }
  }

  /// `_rq_503` and `_rq_5xx` at the end.
  private mutating func takeResponseCode() {
    let count = bytes.count
    guard count >= 7, bytes[(count - 7)..<(count - 3)].elementsEqual("_rq_".utf8) else { return }
    let code = (count - 3)..<count
    let digits = bytes[code].prefix { $0 >= 0x30 && $0 <= 0x39 }.count
    if digits == 3 {
      tags.append(("envoy_response_code", text(code)))
      cut.append((count - 4)..<count)
    } else if digits == 1, bytes[(count - 2)...].elementsEqual("xx".utf8) {
      tags.append(("envoy_response_code_class", text((count - 3)..<(count - 2))))
      cut.append((count - 3)..<(count - 2))
    }
  }

  /// `listener.ADDRESS.http.PREFIX.`
  private mutating func takeListenerHTTPPrefix() {
    guard starts(with: "listener") else { return }
    let http = tokens.indices.dropFirst(2).first { bytes[tokens[$0]].elementsEqual("http".utf8) }
    if let http, http + 1 < tokens.count {
      take("envoy_http_conn_manager_prefix", tokens: http + 1...http + 1)
    }
  }

  /// The listener's address or name (but the admin's), and the worker after it or after another of their owners.
  private mutating func takeListener() {
    if starts(with: "listener") {
      let end = addressEnd()
      takeWorker(at: end + 1)
      if end < tokens.count, !bytes[tokens[end]].elementsEqual("admin".utf8) {
        take("envoy_listener_address", tokens: 1...end)
      }
    } else if ["server", "listener_manager", "thread_local_cluster_manager"].contains(where: { starts(with: $0) }) {
      takeWorker(at: 1)
    }
  }

  private func starts(with token: String) -> Bool { bytes[tokens[0]].elementsEqual(token.utf8) }

  /// The last token of the listener's address: an IPv4 address has dots of its own.
  private func addressEnd() -> Int {
    guard tokens.count > 5 else { return 1 }
    let octets = (1...3).allSatisfy { index in
      !tokens[index].isEmpty && bytes[tokens[index]].allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    }
    let end = bytes[tokens[4]]
    let port = end.contains(0x5f) && end.allSatisfy { $0 >= 0x30 && $0 <= 0x39 || $0 == 0x5f }
    return octets && port ? 4 : 1
  }

  /// `worker_0.`, of which `worker_` stays.
  private mutating func takeWorker(at index: Int) {
    guard index + 1 < tokens.count else { return }
    let token = tokens[index]
    let prefix = "worker_".utf8
    guard bytes[token].starts(with: prefix) else { return }
    let number = token.dropFirst(prefix.count)
    guard !number.isEmpty, bytes[number].allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return }
    tags.append(("envoy_worker_id", text(number)))
    cut.append(number.lowerBound..<number.upperBound + 1)
  }

  /// `http.PREFIX.rds.NAME.`, where the name may have dots.
  private mutating func takeRouteConfiguration() {
    guard starts(with: "http"), tokens.count > 4, bytes[tokens[2]].elementsEqual("rds".utf8) else { return }
    take("envoy_rds_route_config", tokens: 3...tokens.count - 2)
  }
}
