/// The app's resolv.conf: ours in the place of the name servers, and the host's search list.
enum ResolverSettings {
  /// - Parameter host: the host's resolv.conf; empty for none.
  static func lines(host: String) -> [String] {
    var (search, options): ([Substring], [Substring]) = ([], [])
    for line in host.split(separator: "\n") {
      let words = line.split { $0 == " " || $0 == "\t" }
      switch words.first {
      // The last of these lines counts (resolv.conf(5)).
      case "search", "domain": search = Array(words.dropFirst())
      case "options": options += words.dropFirst().filter { $0.hasPrefix("ndots:") }
      default: break
      }
    }
    var lines = ["nameserver \(VirtualAddresses.resolver)"]
    // A semicolon ends a line on its way to the agent.
    search.removeAll { $0.contains(";") }
    if !search.isEmpty { lines.append("search " + search.joined(separator: " ")) }
    lines.append("options " + (options + ["timeout:5", "attempts:2"]).joined(separator: " "))
    return lines
  }
}
