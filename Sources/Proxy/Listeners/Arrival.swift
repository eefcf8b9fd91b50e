import Reactor

/// From where an accepted connection comes, and where it wanted to go.
struct Arrival {
  var remote: SocketAddress?
  /// Its original destination; nil for a connection that was not redirected.
  var destination: SocketAddress?
  /// Of a connection that carries one request to ``destination``, and whose next may be for another (a forward proxy's):
  /// the name of the listener that serves it where the filter chain for it does not speak HTTP. Else nil.
  var oneRequestElse: String?
}
