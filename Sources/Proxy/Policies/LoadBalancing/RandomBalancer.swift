import Reactor

/// Envoy's RANDOM: every host with the same chance, whatever its weight.
package struct RandomBalancer {
  package init() {}

  /// The host for the next request: an index below `count`, nil without hosts.
  package func pick(count: Int, random: inout RandomGenerator) -> Int? {
    count == 0 ? nil : random.below(count)
  }
}
