import CPillionNS

/// The table that `--intercept rootful --apply` lays, as text for `nft -f`: what rootful.c says to the kernel.
package struct RootfulRules: CustomStringConvertible {
  /// By what the rules know the app.
  enum Match: Equatable {
    /// Path below the mount of cgroup2, where nft looks for it.
    case cgroup(path: String)
    /// nft has no words for it here.
    case group
  }

  private static let unifiedMount = "/sys/fs/cgroup"

  let match: Match
  private let policy: OutboundTrafficPolicy
  /// What earlier runs have left.
  let leftOver: [String]

  init(match: Match, leftOver: [String], policy: OutboundTrafficPolicy = .allowAny) {
    self.match = match
    self.policy = policy
    self.leftOver = leftOver
  }

  /// For this machine.
  package init(_ policy: OutboundTrafficPolicy) {
    self.policy = policy
    let mounts = SmallFile.read("/proc/self/mountinfo") ?? ""
    let groups = SmallFile.read("/proc/self/cgroup") ?? ""
    match = Self.match(mounts: mounts, groups: groups)
    leftOver = ((try? Remains.find(removing: false)) ?? []).map(\.what)
  }

  /// - Parameters:
  ///   - mounts: /proc/self/mountinfo.
  ///   - groups: /proc/self/cgroup.
  static func match(mounts: String, groups: String) -> Match {
    let isUnified = mounts.split(separator: "\n").contains { line in
      let words = line.split(separator: " ")
      return words.count > 4 && words[4] == unifiedMount && line.contains(" - cgroup2 ")
    }
    let own = groups.split(separator: "\n").first { $0.hasPrefix("0::/") }
    guard isUnified, let own else { return .group }
    let folders: [Substring] = own.dropFirst(3).split(separator: "/") + ["pillion-PID-NS"]
    return .cgroup(path: folders.joined(separator: "/"))
  }

  package var description: String {
    """
    # What --apply lays in this network namespace, as root, and takes away when the app has ended. PID is the agent's, NS the number of
    # its pid namespace; the ports are chosen in each run.
    table inet pillion-PID-NS {
    \tchain out {
    \t\ttype nat hook output priority -100; policy accept;
    \t\t# \(matchNote)
    \t\t\(matchText) jump app
    \t}
    \tchain app {
    \t\t# names are the proxy's to answer, also where the resolver is on loopback
    \t\tudp dport 53 redirect to :15053
    \t\ttcp dport 53 redirect to :15053
    \t\t# what goes to the host's own loopback stays as it is
    \t\tip daddr 127.0.0.0/8 accept
    \t\tip6 daddr ::1 accept
    \t\t# all other connections come to the proxy, which asks where they were going (SO_ORIGINAL_DST)
    \t\tmeta l4proto tcp redirect to :\(PL_NS_CAPTURE_PORT)
    \t}
    \(othersText)\
    }
    \(leftOverText)\
    # Nothing was laid, and nothing started. To go on, as root: the same command with --apply.
    """
  }

  private var othersText: String {
    if policy == .allowAny { return "" }
    return """
      \tchain rest {
      \t\ttype filter hook output priority 0; policy accept;
      \t\t\(matchText) jump others
      \t}
      \tchain others {
      \t\t# registry-only: what is no connection and no name does not get out, but for answers to those who ask the app
      \t\tmeta l4proto tcp accept
      \t\tip daddr 127.0.0.0/8 accept
      \t\tip6 daddr ::1 accept
      \t\tct state established,related accept
      \t\tdrop
      \t}

      """
  }

  private var leftOverText: String {
    leftOver.reduce("") { $0 + "# Left over, and taken away by --apply: \($1)\n" }
  }

  private var matchText: String {
    switch match {
    case .cgroup(let path): "socket cgroupv2 level \(path.split(separator: "/").count) \"\(path)\""
    case .group: "meta skgid \(PL_NS_GROUP)"
    }
  }

  private var matchNote: String {
    switch match {
    case .cgroup: "the app alone, by a cgroup of its own: neither the proxy nor anybody else"
    case .group:
      "the app alone, by its group; by a cgroup of its own where the kernel has one, for which nft has no words here"
    }
  }
}
