/// What a ``Connection`` tells its owner: a network filter, or a connection pool's client.
open class ConnectionDelegate: EventHandler {
  /// The connect has succeeded, and the handshake where the connection has a transport socket. For accepted connections
  /// it tells the end of their handshake, and is not called where there is none.
  open func connectionDidConnect() {}

  /// Bytes have arrived; `bytes` begins with what earlier calls left over. Returns how many were taken; the connection
  /// keeps the rest. The view is borrowed for the time of the call.
  open func connectionReceived(_ bytes: ByteView) -> Int { bytes.count }

  /// The peer has shut its sending side: only where ``Connection/halfClose`` is set; otherwise that is a close.
  open func connectionReachedEnd() {}

  /// It is over; called exactly once, also for one that never connected.
  open func connectionDidClose(_ event: ConnectionCloseEvent) {}

  /// More than ``Connection/bufferLimit`` bytes wait to be sent.
  open func connectionAboveWriteBufferHighWatermark() {}

  /// At most half the limit waits again.
  open func connectionBelowWriteBufferLowWatermark() {}

  /// So many bytes were read from, or written to, the socket: for counters.
  open func connectionDidRead(_ count: Int) {}

  open func connectionDidWrite(_ count: Int) {}
}

/// How a connection ended.
public enum ConnectionCloseEvent: Equatable, Sendable {
  /// The peer closed it.
  case remoteClose
  /// The peer reset it, or the network failed (errno).
  case remoteFailure(Int32)
  /// The connect failed (errno).
  case connectFailure(Int32)
  /// The transport socket failed, in its handshake or later: ``TransportSocket/failureReason`` says why.
  case transportFailure
  /// We closed it.
  case localClose
}

/// How ``Connection/close(_:)`` ends a connection.
package enum ConnectionCloseType {
  /// At once; what waits to be sent is dropped.
  case noFlush
  /// At once, too, but what the kernel has room for is sent before.
  case flushOnce
  /// Once everything is sent.
  case flushWrite
  /// Once everything is sent and the peer has closed, so that it reads our last bytes before it meets a reset; as in
  /// Envoy the sending side stays open. The owner bounds the wait with a timer of its own and ``noFlush``.
  case flushWriteAndDelay
  /// At once, with a TCP reset.
  case abortReset
}
