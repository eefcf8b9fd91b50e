/// One counter or gauge of a `StatSet`: its case, its name below the scope, and its kind.
public struct StatDefinition<Set: StatSet>: Sendable {
  public let stat: Set
  public let name: StaticString
  public let kind: StatKind

  public static func counter(_ stat: Set, _ name: StaticString) -> StatDefinition {
    StatDefinition(stat: stat, name: name, kind: .counter)
  }

  public static func gauge(_ stat: Set, _ name: StaticString) -> StatDefinition {
    StatDefinition(stat: stat, name: name, kind: .gauge)
  }
}

/// A fixed group of counters and gauges that belong together (a cluster's, a listener's, a host's): an enum of UInt32
/// whose cases count up from 0. A group costs one record whatever its size, so that a file with a thousand clusters
/// starts fast and stays small.
///
///     enum ListenerStat: UInt32, StatSet {
///       case downstreamCxTotal, downstreamCxActive
///       static let definitions: [StatDefinition<ListenerStat>] = [
///         .counter(.downstreamCxTotal, "downstream_cx_total"), .gauge(.downstreamCxActive, "downstream_cx_active"),
///       ]
///     }
///     let stats = store.scope("listener.0.0.0.0_80.").block(ListenerStat.self)
///     shard.increment(stats[.downstreamCxTotal])
public protocol StatSet: RawRepresentable, CaseIterable, Hashable, Sendable where RawValue == UInt32 {
  /// Each case exactly once, in the order of the cases.
  static var definitions: [StatDefinition<Self>] { get }
}

/// The ids of one `StatSet` in one scope: consecutive, so that a case is an addition away.
public struct StatBlock<Set: StatSet>: Sendable {
  @usableFromInline let base: UInt32

  @inlinable
  init(base: UInt32) {
    self.base = base
  }

  @inlinable
  public subscript(_ stat: Set) -> StatID {
    StatID(index: base &+ stat.rawValue)
  }

  /// A block that is written and never shown.
  public static var discarded: StatBlock { StatBlock(base: 0) }
}
