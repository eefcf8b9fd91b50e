import HTTP
import Reactor

/// Which cluster a request goes to, and by which of the route's weighted clusters.
package struct ClusterChoice: Equatable, Sendable {
  /// The cluster's number; nil when there is none of that name (or the header that should name it is missing).
  package let cluster: Int?
  /// Its place among the weighted clusters, whose header mutations count too; nil when the route has none.
  let weighted: Int?
}

/// How a route finds its cluster.
enum ClusterSpecifier: Sendable, BitwiseCopyable {
  case cluster(Int?)
  case clusterHeader(HeaderField)
  case weighted(ConstantList<WeightedClusterEntry>, total: UInt64, header: HeaderField?)

  /// `lookUp`: the number of the cluster of a name.
  func choose(_ headers: HeaderMap, randomValue: UInt64, lookUp: (ByteView) -> Int?) -> ClusterChoice {
    switch self {
    case .cluster(let cluster): return ClusterChoice(cluster: cluster, weighted: nil)
    case .clusterHeader(let field):
      return ClusterChoice(cluster: field.value(in: headers).flatMap(lookUp), weighted: nil)
    case .weighted(let entries, let total, let header):
      let value = header.flatMap { Self.number($0, headers) } ?? randomValue
      var rest = total == 0 ? 0 : value % total
      for index in 0..<entries.count {
        let weight = UInt64(entries[index].weight)
        if rest < weight { return entries[index].choose(headers, index, lookUp) }
        rest -= weight
      }
      return ClusterChoice(cluster: nil, weighted: nil)
    }
  }

  /// The number in a header that comes once; as Envoy, several of them leave it to chance.
  private static func number(_ field: HeaderField, _ headers: HeaderMap) -> UInt64? {
    guard let index = field.nextIndex(in: headers, from: 0), field.nextIndex(in: headers, from: index + 1) == nil
    else { return nil }
    return unsignedDecimal(headers.value(at: index))
  }
}

/// A compiled `WeightedCluster.ClusterWeight`.
struct WeightedClusterEntry: Sendable, BitwiseCopyable {
  enum Specifier: Sendable, BitwiseCopyable {
    case cluster(Int?)
    case clusterHeader(HeaderField)
  }

  let specifier: Specifier
  let weight: UInt32
  let requestHeaders: HeaderParser
  let responseHeaders: HeaderParser
  /// The host is set to this, without a word of what it was.
  let hostRewriteLiteral: ConstantBytes?

  func choose(_ headers: HeaderMap, _ index: Int, _ lookUp: (ByteView) -> Int?) -> ClusterChoice {
    switch specifier {
    case .cluster(let cluster): ClusterChoice(cluster: cluster, weighted: index)
    case .clusterHeader(let field):
      ClusterChoice(cluster: field.value(in: headers).flatMap(lookUp), weighted: index)
    }
  }
}
