/// The counters of one scope that exist once their status code was seen: `upstream_rq_503`. Belongs to one worker,
/// which asks the store only once a code.
package struct ResponseCodeCounters {
  private let scope: StatsScope
  private let name: StaticString
  private var known: [(code: UInt16, id: StatID)] = []

  /// - Parameter name: what stands before the code: "upstream_rq_".
  package init(scope: StatsScope, name: StaticString) {
    self.scope = scope
    self.name = name
  }

  /// The counter of a status code, at most three digits long.
  package mutating func id(_ code: UInt16) -> StatID {
    for entry in known where entry.code == code {
      return entry.id
    }
    return make(code)
  }

  private mutating func make(_ code: UInt16) -> StatID {
    guard code < 1000 else { return .discarded }
    let id = scope.counter("\(name)\(code)")
    known.append((code, id))
    return id
  }
}
