/// The app's resolv.conf: ours in the place of the name servers, and the host's search list.
enum ResolverSettings {
  /// - Parameter host: the host's resolv.conf; empty for none.
  static func lines(host: String) -> [String] {
    let options = directives(host).filter { $0.first == "options" }.flatMap { $0.dropFirst() }
      .filter { $0.hasPrefix("ndots:") }
    var lines = ["nameserver \(VirtualAddresses.resolver)"]
    // A semicolon ends a line on its way to the agent.
    let search = search(host: host).filter { !$0.contains(";") }
    if !search.isEmpty { lines.append("search " + search.joined(separator: " ")) }
    lines.append("options " + (options + ["timeout:5", "attempts:2"]).joined(separator: " "))
    return lines
  }

  /// The host's search list.
  static func search(host: String) -> [String] {
    // The last of these lines counts (resolv.conf(5)).
    let last = directives(host).last { $0.first == "search" || $0.first == "domain" }
    return last?.dropFirst().map { String($0) } ?? []
  }

  private static func directives(_ text: String) -> [[Substring]] {
    text.split(separator: "\n").map { line in line.split { $0 == " " || $0 == "\t" } }
  }
}
