/// The variables by which programs know of their forward proxy.
enum ProxyVariables {
  /// Each is the only one that somebody looks at. HTTP_PROXY: Go, Python, npm. http_proxy: curl. ALL_PROXY: curl, httpx, for
  /// other schemes. grpc_proxy: gRPC's C core, where the user's own would go before the others.
  private static let names = [
    "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "grpc_proxy",
  ]
  /// Says whose proxy the others name, to a Pillion that the app starts.
  private static let mark = "PILLION_PROXY"
  /// Where no proxy is asked; of a pair of which the user has set one, the other would hide it.
  private static let exceptions = ["NO_PROXY", "no_proxy"]
  /// The app's own machine, where it serves and finds what stands on ports of loopback.
  private static let own = ["localhost", "127.0.0.1", "::1"]

  /// - Parameters:
  ///   - port: of 127.0.0.1.
  ///   - user: the user's own variable of a name.
  static func make(port: UInt16, user: (String) -> String?) -> [(name: String, value: String)] {
    let users = exceptions.map { user($0) ?? "" }
    let excepted = zip(exceptions, users).map { name, value in
      (name: name, value: extended(value.isEmpty ? users.first { !$0.isEmpty } ?? "" : value))
    }
    // Node's fetch looks at the others only where this is set (from version 24).
    return (names + [mark]).map { ($0, "http://127.0.0.1:\(port)") } + excepted + [("NODE_USE_ENV_PROXY", "1")]
  }

  /// Those that name the proxy of a Pillion further out: what captures an app by itself takes them from it.
  static func ofOthers(user: (String) -> String?) -> [String] {
    guard let proxy = user(mark) else { return [] }
    return (names + [mark]).filter { user($0) == proxy }
  }

  private static func extended(_ list: String) -> String {
    let known = list.split(separator: ",").map { word in
      String(word.drop { $0 == " " }.prefix { $0 != " " })
    }
    return (known + own.filter { !known.contains($0) }).joined(separator: ",")
  }
}
