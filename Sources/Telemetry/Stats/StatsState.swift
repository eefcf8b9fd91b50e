/// The names and kinds of a `StatSet`, once for all its blocks.
final class StatLayout: Sendable {
  let names: [StaticString]
  let kinds: [StatKind]

  init<Set: StatSet>(_ set: Set.Type) {
    let definitions = Set.definitions
    precondition(
      definitions.map(\.stat.rawValue) == Array(0..<UInt32(Set.allCases.count)),
      "\(Set.self).definitions must name each case once, in order, counting from 0")
    names = definitions.map(\.name)
    kinds = definitions.map(\.kind)
  }
}

/// What a `StatsStore` guards by its lock.
struct StatsState {
  struct Group {
    let prefix: String
    let layout: StatLayout
    let base: UInt32
  }

  struct GroupKey: Hashable {
    let prefix: String
    let set: ObjectIdentifier
  }

  struct Named {
    let name: String
    let kind: StatKind
    let index: UInt32
  }

  struct Histogram {
    let name: String
    var cumulative: [HistogramBin] = []
    var interval: [HistogramBin] = []
  }

  var shards: [StatsShard]
  var groups: [Group] = []
  var named: [Named] = []
  var histograms: [Histogram] = [Histogram(name: "")]
  var textReadouts: [String: String] = [:]
  /// Bases of given back blocks, by their size.
  var freeBlocks: [Int: [UInt32]] = [:]
  /// The first chunk swallows what does not fit.
  private var nextCell = UInt32(StatLimits.chunkCells)
  private var layouts: [ObjectIdentifier: StatLayout] = [:]
  private var groupBases: [GroupKey: UInt32] = [:]
  private var namedIDs: [String: UInt32] = [:]
  private var histogramIDs: [String: UInt32] = [:]
  /// What counters had when they were last reset.
  private var baselines: [UInt32: UInt64] = [:]

  init(shards: [StatsShard]) {
    self.shards = shards
  }

  // MARK: Ids

  /// `count` consecutive cells, or those that swallow everything when the table is full.
  mutating func allocate(_ count: Int) -> UInt32 {
    precondition(count <= StatLimits.chunkCells, "a group holds at most \(StatLimits.chunkCells) stats")
    guard Int(nextCell) + count <= StatLimits.cells else { return StatID.discarded.index }
    defer { nextCell += UInt32(count) }
    return nextCell
  }

  mutating func block<Set: StatSet>(of set: Set.Type, prefix: String) -> UInt32 {
    let key = GroupKey(prefix: prefix, set: ObjectIdentifier(set))
    if let base = groupBases[key] { return base }
    let layout = layouts[key.set] ?? StatLayout(set)
    layouts[key.set] = layout
    let base = allocate(layout.names.count)
    guard base != StatID.discarded.index else { return base }
    groupBases[key] = base
    groups.append(Group(prefix: prefix, layout: layout, base: base))
    return base
  }

  mutating func id(named name: String, _ kind: StatKind) -> StatID {
    if let index = namedIDs[name] { return StatID(index: index) }
    let index = allocate(1)
    guard index != StatID.discarded.index else { return .discarded }
    namedIDs[name] = index
    named.append(Named(name: name, kind: kind, index: index))
    return StatID(index: index)
  }

  mutating func histogram(named name: String) -> HistogramID {
    if let index = histogramIDs[name] { return HistogramID(index: index) }
    guard histograms.count < StatLimits.histograms else { return .discarded }
    let index = UInt32(histograms.count)
    histogramIDs[name] = index
    histograms.append(Histogram(name: name))
    return HistogramID(index: index)
  }

  // MARK: Values

  /// The sum over the shards, and whether any of them ever wrote.
  func sum(at index: UInt32) -> (value: Int64, used: Bool) {
    var value: Int64 = 0
    var used = false
    for shard in shards {
      let raw = shard.rawValue(at: index)
      value &+= Int64(bitPattern: raw) >> 1
      used = used || raw & 1 == 1
    }
    return (value, used)
  }

  func counterValue(at index: UInt32) -> UInt64 {
    UInt64(truncatingIfNeeded: sum(at: index).value) &- (baselines[index] ?? 0)
  }

  mutating func resetCounters() {
    for group in groups {
      for (offset, kind) in group.layout.kinds.enumerated() where kind == .counter {
        resetCounter(at: group.base + UInt32(offset))
      }
    }
    for stat in named where stat.kind == .counter {
      resetCounter(at: stat.index)
    }
  }

  private mutating func resetCounter(at index: UInt32) {
    let value = sum(at: index).value
    if value != 0 { baselines[index] = UInt64(truncatingIfNeeded: value) }
  }
}
