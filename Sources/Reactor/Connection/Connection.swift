import CLinux
import Glibc

/// A stream connection on a loop, downstream or upstream: reads into the loop's buffer and hands the bytes on, keeps only
/// what its delegate leaves, and sends what waits at the end of a turn in one call.
///
///     connecting --connected--> handshaking --done--> open --close(.flushWrite…)--> closing --all sent--> closed
///         |                         |                  |
///         +-------- failure --------+------------------+------ EOF, error, close(.noFlush) ------------> closed
///
/// Only a connection with a ``TransportSocket`` handshakes; an accepted one begins there. The transport socket then
/// takes the place of recv and send: its own end (close_notify) is the peer's end, and "all sent" includes what it
/// holds. Nothing else here knows the socket's bytes.
public final class Connection: Transport {
  enum State { case connecting, handshaking, open, closing, lingering, closed }

  /// Reads, or offers of what was left over, in one turn before others get theirs.
  private static let readsPerTurn = 8
  /// A body of at least so many bytes is sent beside what waits, not copied behind it.
  private static let directWriteSize = 8 * 1024
  /// What waits to be sent together goes out sooner once it is so many bytes. In the smallest of frames that is well below
  /// the default of max_outbound_control_frames, which is for what a peer does not read.
  private static let gatheredSize = 8 * 1024

  package let loop: EventLoop
  /// Kept until the close, and then to the end of the turn.
  package var delegate: ConnectionDelegate? {
    didSet { if let oldValue { loop.release(oldValue) } }
  }
  /// Whether the end of the peer's sending is told as such and not taken for a close (tcp_proxy).
  package var halfClose = false
  /// Bytes that may wait to be sent before the delegate is asked to hold back (per_connection_buffer_limit_bytes);
  /// 0 for no limit.
  package var bufferLimit = 0
  /// Whether the peer's close is acted on while reading is disabled, which loses what it had sent: right for a client
  /// whose request is done, wrong for an upstream whose response is held back.
  package var detectsEarlyClose = true

  /// What lies between this connection and its socket; nil for nothing.
  package let transportSocket: TransportSocket?

  let descriptor: Int32
  private var registration: Registration?
  var state: State
  private var input: ByteQueue
  private var readDisableCount = 0
  /// The kernel may have more for us to read.
  private var moreToRead = false
  /// The peer's end was announced: read on until it is reached, also behind a short read.
  private var endAnnounced = false
  var endReached = false
  var writeBlocked = false
  var writeShut = false
  var shutdownWriteAfterFlush = false
  var aboveHighWatermark = false
  private var queued = false
  private var queuedAtTurnsEnd = false
  var failure: Int32 = 0
  private var resumed = false
  private var turn: UInt64 = 0
  private var readsInTurn = 0
  /// The delegate is looking at ``input``: it must stay.
  private var delivering = false
  /// The transport socket has been told to begin.
  private var handshakeBegun = false

  /// Takes over a connected (`connecting` false) or connecting socket, non-blocking.
  /// - Parameter transportSocket: belongs to this connection alone from now on.
  /// - Throws: the kernel refuses to watch it; the socket is closed.
  package init(
    _ loop: EventLoop, taking socket: consuming Descriptor, connecting: Bool, delegate: ConnectionDelegate? = nil,
    transportSocket: TransportSocket? = nil
  ) throws(SystemError) {
    self.loop = loop
    self.delegate = delegate
    self.transportSocket = transportSocket
    descriptor = socket.release()
    state = connecting ? .connecting : transportSocket == nil ? .open : .handshaking
    wasEstablished = state == .open
    input = ByteQueue(pool: loop.pool)
    super.init(pool: loop.pool)
    transportSocket?.descriptor = descriptor
    do {
      registration = try loop.register(descriptor, self)
    } catch {
      Glibc.close(descriptor)
      state = .closed
      throw error
    }
  }

  package var isOpen: Bool { state != .closed }

  public override var hasEnded: Bool { state == .closed }

  /// Whether it is not established yet: the handshake counts.
  package var isConnecting: Bool { state == .connecting || state == .handshaking }

  /// Whether it was ever established, handshake included.
  package private(set) var wasEstablished: Bool

  /// Bytes that wait to be sent; what the transport socket has sealed already is not among them.
  package var bufferedBytes: Int { output.count }

  /// Where a redirected connection was to go; it is taken for the local address.
  package var originalDestination: SocketAddress?

  package var localAddress: SocketAddress? { originalDestination ?? Sockets.localAddress(descriptor) }

  package var remoteAddress: SocketAddress? { Sockets.remoteAddress(descriptor) }

  // MARK: Reading

  /// Stops (true) or goes on (false) reading; calls nest. What was read before and left over is offered again then.
  package func readDisable(_ disable: Bool) {
    if disable {
      readDisableCount += 1
    } else {
      precondition(readDisableCount > 0)
      readDisableCount -= 1
      if readDisableCount == 0 { resumeReading() }
    }
  }

  /// Offers what was left over to the delegate again, at the end of this call of the loop.
  package func resumeReading() {
    resumed = true
    queue()
  }

  private func readAvailable() {
    while moreToRead, readDisableCount == 0, state == .open || state == .lingering {
      guard takesTurn() else {
        resumed = true
        return
      }
      readOnce()
    }
  }

  /// Whether this connection may go on in this turn; where not, it is called again in the next.
  private func takesTurn() -> Bool {
    if turn != loop.turns {
      turn = loop.turns
      readsInTurn = 0
    }
    readsInTurn += 1
    if readsInTurn <= Self.readsPerTurn { return true }
    loop.later(self)
    return false
  }

  private func readOnce() {
    let kept = input.count
    let size = EventLoop.readBufferSize
    let target =
      kept == 0
      ? loop.readBuffer
      : UnsafeMutableRawBufferPointer(start: input.reserve(BlockPool.blockSize), count: BlockPool.blockSize)
    let count = receive(into: target)
    if count > 0 {
      if !endAnnounced, !mayHaveMore(behind: count, of: target.count) { moreToRead = false }
      delegate.unretained?.use { $0.connectionDidRead(count) }
      if kept == 0 {
        deliver(ByteView(UnsafeRawBufferPointer(rebasing: loop.readBuffer[0..<min(count, size)])), kept: false)
      } else {
        input.commit(count)
        deliver(input.view, kept: true)
      }
    } else if count == 0 {
      moreToRead = false
      reachedEnd()
    } else {
      moreToRead = false
      let code = errno
      if code == EINTR {
        moreToRead = true
      } else if code != EAGAIN && code != EWOULDBLOCK {
        finish(transportSocket?.hasFailed == true ? .transportFailure : .remoteFailure(code))
      }
    }
  }

  private func receive(into target: UnsafeMutableRawBufferPointer) -> Int {
    guard let transportSocket = transportSocket.unretained else {
      return target.baseAddress.map { Sockets.receive(descriptor, $0, target.count) } ?? 0
    }
    return transportSocket.use { receive(into: target, through: $0) }
  }

  private func receive(into target: UnsafeMutableRawBufferPointer, through transportSocket: TransportSocket) -> Int {
    var count = transportSocket.receive(into: target)
    // A short read of what holds no data, session tickets say, left the announced end with the kernel, which tells of it
    // only once.
    if count < 0, errno == EAGAIN, endAnnounced, !transportSocket.hasUnsent {
      count = transportSocket.receive(into: target)
    }
    noteUnsent(transportSocket)
    return count
  }

  /// A short read has emptied the kernel.
  private func mayHaveMore(behind count: Int, of capacity: Int) -> Bool {
    transportSocket.unretained?.use { $0.hasMore } ?? (count == capacity)
  }

  private func deliver(_ bytes: ByteView, kept: Bool) {
    if state == .lingering {
      if kept { input.removeAll() }
      return
    }
    guard let delegate = delegate.unretained else { return }
    delivering = true
    let consumed = delegate.use { $0.connectionReceived(bytes) }
    delivering = false
    if state == .closed || state == .lingering { return input.removeAll() }
    if kept {
      input.consume(consumed)
    } else if consumed < bytes.count {
      input.append(bytes.dropFirst(consumed))
    }
  }

  private func reachedEnd() {
    if halfClose && state == .open {
      endReached = true
      delegate?.connectionReachedEnd()
      if writeShut { finish(.remoteClose) }
    } else {
      finish(.remoteClose)
    }
  }

  // MARK: Writing

  public override func flushSoon() {
    queueOutput()
    checkHighWatermark()
  }

  public override func write(_ bytes: ByteView) {
    if state == .closed || state == .lingering { return }
    if bytes.count < Self.directWriteSize || writeBlocked || isConnecting {
      output.append(bytes)
      flushSoon()
    } else {
      writeDirectly(bytes)
    }
  }

  // MARK: Events

  public override func ready(_ readiness: Readiness) {
    if state == .connecting { return connectEnded(readiness) }
    if state == .handshaking { return continueHandshake(readiness) }
    if readiness.contains(.writable), writeBlocked {
      writeBlocked = false
      flush()
    }
    if !readiness.isDisjoint(with: [.readable, .peerClosed, .hungUp, .failed]) {
      moreToRead = true
      if !readiness.isDisjoint(with: [.peerClosed, .hungUp, .failed]) { endAnnounced = true }
      if readDisableCount == 0 {
        readAvailable()
      } else if endAnnounced && !halfClose && detectsEarlyClose {
        finish(.remoteClose)
      }
    }
  }

  private func connectEnded(_ readiness: Readiness) {
    if readiness.isDisjoint(with: [.writable, .failed, .hungUp]) { return }
    let code = Sockets.pendingError(descriptor)
    if code != 0 || readiness.contains(.hungUp) {
      return finish(.connectFailure(code == 0 ? ECONNREFUSED : code))
    }
    if transportSocket != nil {
      state = .handshaking
      return continueHandshake(readiness)
    }
    established()
    if readiness.contains(.readable) || readiness.contains(.peerClosed) {
      moreToRead = true
      if readiness.contains(.peerClosed) { endAnnounced = true }
      readAvailable()
    }
  }

  private func established() {
    state = .open
    wasEstablished = true
    delegate?.connectionDidConnect()
    flush()
  }

  /// The side that does not speak first waits for bytes.
  private func continueHandshake(_ readiness: Readiness) {
    guard let transportSocket else { return }
    if !readiness.isDisjoint(with: [.peerClosed, .hungUp, .failed]) { endAnnounced = true }
    let begins = transportSocket.speaksFirst && !handshakeBegun
    let sends = readiness.contains(.writable) && transportSocket.hasUnsent
    guard begins || sends || endAnnounced || readiness.contains(.readable) else { return }
    handshakeBegun = true
    var progress = transportSocket.handshake()
    // No event will come for an end that was announced: it is read at once.
    if case .waits = progress, endAnnounced, !transportSocket.hasUnsent { progress = transportSocket.handshake() }
    switch progress {
    case .waits:
      if endAnnounced && !transportSocket.hasUnsent { finish(.remoteClose) }
    case .done: handshakeDone(transportSocket)
    case .peerClosed: finish(.remoteClose)
    case .socketFailed(let code): finish(.remoteFailure(code))
    case .failed: finish(.transportFailure)
    }
  }

  private func handshakeDone(_ transportSocket: TransportSocket) {
    noteUnsent(transportSocket)
    established()
    if transportSocket.hasMore || endAnnounced {
      moreToRead = true
      readAvailable()
    }
  }

  func queue() {
    if queued || state == .closed { return }
    queued = true
    loop.soon(self)
  }

  private func queueOutput() {
    if !gathersWrites || output.count >= Self.gatheredSize { return queue() }
    if queuedAtTurnsEnd || state == .closed { return }
    queuedAtTurnsEnd = true
    loop.atTurnsEnd(self)
  }

  public override func turnEnds() {
    queuedAtTurnsEnd = false
    flush()
  }

  public override func runLater() {
    queued = false
    if state == .closed { return }
    if failure != 0 { return fail() }
    flush()
    if resumed, takesTurn() {
      resumed = false
      if !input.isEmpty, readDisableCount == 0 { deliverKept() }
      readAvailable()
    }
  }

  private func deliverKept() { deliver(input.view, kept: true) }

  /// A write failed: what the peer said before it went (an early response, say) is read first.
  private func fail() {
    let code = failure
    moreToRead = true
    endAnnounced = true
    if state == .open { readAvailable() }
    finish(transportSocket?.hasFailed == true ? .transportFailure : .remoteFailure(code))
  }

  // MARK: Closing

  package func close(_ type: ConnectionCloseType) {
    switch type {
    case .noFlush: finish(.localClose)
    case .flushOnce:
      if state == .open { flush() }
      finish(.localClose)
    case .abortReset:
      finish(.localClose, resetting: true)
    case .flushWrite:
      if state == .closed || state == .lingering { return }
      if isConnecting || isAllSent { return finish(.localClose) }
      state = .closing
      queue()
    case .flushWriteAndDelay:
      if state == .closed || state == .lingering { return }
      if isConnecting { return finish(.localClose) }
      linger()
    }
  }

  /// Sends the rest, and drops whatever the peer still sends until it closes.
  private func linger() {
    halfClose = false
    if !delivering { input.removeAll() }
    readDisableCount = 0
    state = .lingering
    resumeReading()
  }

  func finish(_ event: ConnectionCloseEvent, resetting: Bool = false) {
    if state == .closed { return }
    if resetting {
      Sockets.resetOnClose(descriptor)
    } else if event == .localClose || event == .remoteClose {
      transportSocket?.shutdown()
    }
    state = .closed
    output.removeAll()
    if !delivering { input.removeAll() }
    if let registration { loop.deregister(registration) }
    let delegate = delegate
    self.delegate = nil
    // The delegate may still ask for addresses.
    delegate?.connectionDidClose(event)
    Glibc.close(descriptor)
  }
}
