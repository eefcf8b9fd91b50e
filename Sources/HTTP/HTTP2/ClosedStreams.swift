/// How the latest streams of a client ended, to tell what a frame means that comes for one that is no more
/// (RFC 9113 §5.1): what crossed our reset on its way is ignored, what the client itself had ruled out is an error. A value
/// of fixed size: of streams that ended long ago nothing is known, and their frames are ignored.
struct ClosedStreams {
  enum End { case complete, resetByPeer, resetByUs }

  enum Verdict { case ignored, resetStream, connectionClosed, neverOpened }

  private static let kept = 64

  private var ids: InlineArray<64, Int32> = .init(repeating: 0)
  private var ends: InlineArray<64, End> = .init(repeating: .complete)
  private var next = 0
  private var hasForgotten = false
  private var lastOpened: Int32 = 0

  mutating func opened(_ id: Int32) { lastOpened = max(lastOpened, id) }

  mutating func closed(_ id: Int32, _ end: End) {
    if ids[next] != 0 { hasForgotten = true }
    ids[next] = id
    ends[next] = end
    next = (next + 1) % Self.kept
  }

  /// What a HEADERS frame is, for a stream that is not open.
  func verdict(on id: Int32) -> Verdict {
    if id > lastOpened || id <= 0 || id % 2 == 0 { return .ignored }
    for place in 0..<Self.kept where ids[place] == id {
      switch ends[place] {
      case .complete: return .connectionClosed
      case .resetByPeer: return .resetStream
      case .resetByUs: return .ignored
      }
    }
    return hasForgotten ? .ignored : .neverOpened
  }
}
