import EnvoyConfig
import Reactor

/// A worker's balancer over one list of hosts, by the cluster's `lb_policy`. A cluster keeps one for its healthy hosts and
/// one for all of them (panic), since each has its own position.
package struct LoadBalancer {
  private let policy: EnvoyConfig.Cluster.LbPolicy
  private var roundRobin: RoundRobin
  private var leastRequest: LeastRequest
  private let randomBalancer = RandomBalancer()

  package init(
    _ policy: EnvoyConfig.Cluster.LbPolicy, leastRequest: EnvoyConfig.Cluster.LeastRequestLbConfig,
    random: inout RandomGenerator
  ) {
    self.policy = policy
    roundRobin = RoundRobin(random: &random)
    self.leastRequest = LeastRequest(leastRequest)
  }

  /// To be called whenever the hosts to choose from or their weights have changed.
  package mutating func hostsChanged(
    count: Int, weight: (Int) -> UInt32, activeRequests: (Int) -> Int, random: inout RandomGenerator
  ) {
    switch policy {
    case .roundRobin: roundRobin.hostsChanged(count: count, weight: weight, random: &random)
    case .leastRequest:
      leastRequest.hostsChanged(count: count, weight: weight, activeRequests: activeRequests, random: &random)
    case .random, .clusterProvided: break
    }
  }

  /// The host for the next request: an index below `count`, nil without hosts. Allocates nothing unless `count` is not
  /// the one that ``hostsChanged(count:weight:activeRequests:random:)`` was told.
  package mutating func pick(
    count: Int, weight: (Int) -> UInt32, activeRequests: (Int) -> Int, random: inout RandomGenerator
  ) -> Int? {
    switch policy {
    case .roundRobin: roundRobin.pick(count: count, weight: weight, random: &random)
    case .leastRequest:
      leastRequest.pick(count: count, weight: weight, activeRequests: activeRequests, random: &random)
    case .random: randomBalancer.pick(count: count, random: &random)
    case .clusterProvided: nil
    }
  }
}
