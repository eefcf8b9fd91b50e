import HTTP
import Reactor
import Telemetry

/// A client of a forward proxy, until it has said where it wants to go; then it is the listener's, as though it had been
/// captured on its way there.
///
///     reading --CONNECT, absolute form--> asking the policy --> handed over
///        |                                     |   \--> waiting for the host's resolver --> handed over
///        +--malformed, too large, too slow-----+--refused, unknown--> refusing --peer gone, 1 s--> closed
final class ForwardProxyStage: PeekingSocket, ForwardClient {
  private enum TimerID {
    static let head: UInt8 = 0
    static let linger: UInt8 = 1
  }

  private enum State { case reading, waiting, refusing, over }

  /// Of a head, in bytes.
  private static let headLimit = 64 * 1024
  /// In nanoseconds: for the head, and for the peer to read why it is refused.
  private static let headTimeout: Int64 = 15_000_000_000
  private static let lingerTimeout: Int64 = 1_000_000_000

  private let listener: WorkerListener
  private let loop: EventLoop
  let remoteAddress: SocketAddress?
  private var state = State.reading
  /// Whether a CONNECT's head was taken, and 200 is the answer.
  private var isTunnel = false
  private var timer = Timer()
  /// Of the loop's clock.
  private let startedAt: Int64

  init(_ listener: WorkerListener, remote: SocketAddress?) {
    self.listener = listener
    loop = listener.worker.loop
    remoteAddress = remote
    startedAt = loop.now
    super.init(loop, limit: Self.headLimit)
  }

  /// - Throws: the kernel refuses to watch the socket.
  func start(at socket: consuming Descriptor) throws(SystemError) {
    try startPeeking(at: socket)
    shard.adjust(listener.info.stats[.downstreamPreCxActive], by: 1)
    timer.arm(loop, self, id: TimerID.head, after: Self.headTimeout)
  }

  private var shard: StatsShard { listener.worker.shard }

  // MARK: Reading

  override func peeked(_ bytes: ByteView, atEnd: Bool, isReset: Bool) {
    if isReset { return end() }
    switch state {
    case .reading: read(bytes, atEnd: atEnd)
    // What a tunnel's client sends early is its upstream's; a refused one's is nobody's.
    case .refusing: if !discardAll() { end() }
    case .waiting, .over: break
    }
  }

  override func peekFailed(_ code: Int32) {
    shard.increment(listener.info.stats[.downstreamListenerFilterError])
    end()
  }

  private func read(_ bytes: ByteView, atEnd: Bool) {
    switch ForwardRequest.parse(bytes, limit: Self.headLimit) {
    case .needsMore where atEnd && bytes.count == 0:
      shard.increment(listener.info.stats[.downstreamListenerFilterRemoteClose])
      end()
    case .needsMore where atEnd: refuse(400, "the request's head has no end")
    case .needsMore: break
    case .refused(let refusal): refuse(refusal.status, refusal.reason)
    case .absolute(let target): forward(to: target)
    case .connect(let target, let length):
      guard discard(length) else { return end() }
      isTunnel = true
      forward(to: target)
    }
  }

  private func forward(to target: ForwardTarget) {
    state = .waiting
    timer.disarm()
    listener.forward(self, to: target)
  }

  override func timerFired(_ id: UInt8) {
    if id == TimerID.linger { return end() }
    shard.increment(listener.info.stats[.downstreamPreCxTimeout])
    refuse(408, "no whole head came within \(Self.headTimeout / 1_000_000_000) s")
  }

  // MARK: Ends

  func finish() -> Descriptor? {
    if state == .over { return nil }
    let stands = !isTunnel || write("HTTP/1.1 200 Connection established\r\n\r\n")
    if !stands {
      end()
      return nil
    }
    leave()
    return take()
  }

  var carriesOneRequest: Bool { !isTunnel }

  /// The client is told why, and the connection ends with that.
  func refuse(_ status: Int, _ reason: String) {
    if state == .over { return }
    timer.disarm()
    let known = DownstreamSocket()
    known.terminationDetails = reason
    listener.logRefused(known, remote: remoteAddress, local: localAddress, since: startedAt)
    guard write(Self.answer(status, reason)), shutdownWrite(), discardAll() else { return end() }
    // To close with bytes unread would reset the connection, and the answer with it.
    state = .refusing
    timer.arm(loop, self, id: TimerID.linger, after: Self.lingerTimeout)
  }

  func end() {
    if state == .over { return }
    leave()
    close()
  }

  private func leave() {
    state = .over
    timer.disarm()
    shard.adjust(listener.info.stats[.downstreamPreCxActive], by: -1)
  }

  /// On a connection that has sent nothing yet: there is room for it.
  private func write(_ text: String) -> Bool {
    withBytes(text) { send($0) }
  }

  private static func answer(_ status: Int, _ reason: String) -> String {
    let body = "pillion: \(reason).\nThis port is the forward proxy of one app (pillion run --intercept explicit).\n"
    return
      "HTTP/1.1 \(status) \(reasonPhrase(status))\r\ncontent-type: text/plain\r\ncontent-length: \(body.utf8.count)\r\n"
      + "connection: close\r\n\r\n\(body)"
  }
}
