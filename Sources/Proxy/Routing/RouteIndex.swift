import Reactor

/// Which routes of a long list can match a path at all, so that a virtual host with a thousand routes is not walked. The
/// list's order stays: what is found is what a walk would have found (a test compares them).
///
/// Routes with an exact path or a prefix, case-sensitive, are found by hash; all others are looked at one by one.
struct RouteIndex: Sendable, BitwiseCopyable {
  /// Shorter lists are walked: that costs no more (measured: a look into the index costs as much as about four routes).
  static let minimumRoutes = 4

  /// Routes in ascending order, by the hash of their path…
  private let exact: HashIndex
  /// … or of their prefix.
  private let prefixes: HashIndex
  private let buckets: ConstantList<ConstantList<Int32>>
  /// The prefixes' distinct lengths, ascending.
  private let prefixLengths: ConstantList<Int32>
  private let longestExact: Int
  private let others: ConstantList<Int32>

  init(_ matchers: [RouteMatcher], arena: RouteArena) {
    var exact: [UInt64: [Int32]] = [:]
    var prefixes: [UInt64: [Int32]] = [:]
    var lengths: Set<Int32> = []
    var others: [Int32] = []
    var longestExact = -1
    for (index, matcher) in matchers.enumerated() {
      let route = Int32(index)
      switch matcher.path.specifier {
      case .path(let path) where matcher.path.caseSensitive:
        exact[ByteHash.of(path.view), default: []].append(route)
        longestExact = max(longestExact, path.count)
      case .prefix(let prefix) where matcher.path.caseSensitive,
        .pathSeparatedPrefix(let prefix) where matcher.path.caseSensitive:
        prefixes[ByteHash.of(prefix.view), default: []].append(route)
        lengths.insert(Int32(prefix.count))
      case .path, .prefix, .pathSeparatedPrefix, .safeRegex: others.append(route)
      case .connect: break
      }
    }
    var buckets: [ConstantList<Int32>] = []
    func number(_ routes: [UInt64: [Int32]]) -> [UInt64: Int] {
      routes.mapValues {
        buckets.append(arena.list($0))
        return buckets.count - 1
      }
    }
    self.exact = HashIndex(number(exact), arena: arena)
    self.prefixes = HashIndex(number(prefixes), arena: arena)
    self.buckets = arena.list(buckets)
    prefixLengths = arena.list(lengths.sorted())
    self.longestExact = longestExact
    self.others = arena.list(others)
  }

  /// Calls `consider` with each list of routes that may match; each is in ascending order.
  func forEachBucket(_ path: ByteView, _ consider: (ConstantList<Int32>) -> Void) {
    var hash = ByteHash()
    var position = 0
    for index in 0..<prefixLengths.count {
      let length = Int(prefixLengths[index])
      if length > path.count { break }
      while position < length {
        hash.add(path[position])
        position += 1
      }
      if let bucket = prefixes.find(hash.value) { consider(buckets[bucket]) }
    }
    if path.count <= longestExact {
      while position < path.count {
        hash.add(path[position])
        position += 1
      }
      if let bucket = exact.find(hash.value) { consider(buckets[bucket]) }
    }
    if !others.isEmpty { consider(others) }
  }
}
