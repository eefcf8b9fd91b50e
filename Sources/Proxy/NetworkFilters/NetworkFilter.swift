import Reactor

/// Whether the filters behind a network filter see what came.
enum NetworkFilterStatus {
  case continueIteration
  /// They do not: the filter has closed the connection, or keeps it from reading.
  case stopIteration
}

/// A network filter in front of a filter chain's last one (Envoy's ReadFilter). It knows its connection and its own
/// configuration, nothing else.
class NetworkFilter: EventHandler {
  /// Bytes have come, or the peer's end with none.
  func onData(_ bytes: ByteView, endStream: Bool) -> NetworkFilterStatus { .continueIteration }

  /// The connection is over.
  func onClose() {}
}

/// A network filter of the configuration, ready for use: shared by all workers, never changed.
enum NetworkFilterInfo: Sendable {
  case rbac(NetworkRBACInfo)

  /// The filter of one connection.
  func makeFilter(_ socket: DownstreamSocket, _ worker: Worker) -> NetworkFilter {
    switch self {
    case .rbac(let info): NetworkRBACFilter(info, socket, worker)
    }
  }
}
