import EnvoyConfig
import Glibc
import Reactor

/// Envoy's LEAST_REQUEST. With equal weights: the least busy of `choice_count` hosts drawn at random (a host may be drawn
/// twice). Else earliest deadline first with weight / (active requests + 1) ^ active_request_bias.
package struct LeastRequest {
  private let choiceCount: Int
  private let activeRequestBias: Double
  private var hostCount = 0
  private var edf = EDFScheduler()

  package init(_ config: EnvoyConfig.Cluster.LeastRequestLbConfig) {
    choiceCount = Int(config.choiceCount)
    activeRequestBias = config.activeRequestBias
  }

  /// To be called whenever the hosts to choose from or their weights have changed.
  package mutating func hostsChanged(
    count: Int, weight: (Int) -> UInt32, activeRequests: (Int) -> Int, random: inout RandomGenerator
  ) {
    hostCount = count
    if weightsAreEqual(count: count, weight) {
      edf.removeAll()
    } else {
      let bias = activeRequestBias
      edf.rebuild(count: count, phase: random.fraction()) {
        biased(weight($0), activeRequests: activeRequests($0), bias: bias)
      }
    }
  }

  /// The host for the next request: an index below `count`, nil without hosts.
  package mutating func pick(
    count: Int, weight: (Int) -> UInt32, activeRequests: (Int) -> Int, random: inout RandomGenerator
  ) -> Int? {
    if count != hostCount {
      hostsChanged(count: count, weight: weight, activeRequests: activeRequests, random: &random)
    }
    if count == 0 { return nil }
    if !edf.isEmpty {
      let bias = activeRequestBias
      return edf.pickAndAdd { biased(weight($0), activeRequests: activeRequests($0), bias: bias) }
    }
    return leastBusy(count: count, activeRequests: activeRequests, random: &random)
  }

  private func leastBusy(count: Int, activeRequests: (Int) -> Int, random: inout RandomGenerator) -> Int {
    var chosen = random.below(count)
    var fewest = activeRequests(chosen)
    var choices = 1
    while choices < choiceCount {
      let candidate = random.below(count)
      let active = activeRequests(candidate)
      if active < fewest {
        chosen = candidate
        fewest = active
      }
      choices += 1
    }
    return chosen
  }
}

/// What a schedule of least requests weighs a host with.
private func biased(_ weight: UInt32, activeRequests: Int, bias: Double) -> Double {
  let busy = Double(activeRequests) + 1
  if bias == 1 { return Double(weight) / busy }
  if bias == 0 { return Double(weight) }
  return Double(weight) / pow(busy, bias)
}
