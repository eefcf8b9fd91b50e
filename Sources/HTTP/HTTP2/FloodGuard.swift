/// Frames in, verdict out: how much of what costs a peer nothing it may send, and how much may wait for one that reads
/// nothing (Envoy's ProtocolConstraints, with its formulas). A value without I/O.
struct FloodGuard {
  private let maxOutbound: Int
  private let maxOutboundControl: Int
  private let maxEmpty: Int
  private let maxPriorityPerStream: Int
  private let maxWindowUpdatesPerData: Int

  private(set) var outbound = 0
  private(set) var outboundControl = 0
  private var emptyInARow = 0
  private var priorityFrames = 0
  private var windowUpdates = 0
  private var openedStreams = 0
  private var dataFramesSent = 0

  init(_ options: HTTP2Options) {
    maxOutbound = options.maxOutboundFrames
    maxOutboundControl = options.maxOutboundControlFrames
    maxEmpty = options.maxConsecutiveInboundFramesWithEmptyPayload
    maxPriorityPerStream = options.maxInboundPriorityFramesPerStream
    maxWindowUpdatesPerData = options.maxInboundWindowUpdateFramesPerDataFrameSent
  }

  mutating func streamOpened() { openedStreams += 1 }

  /// A HEADERS, CONTINUATION or DATA frame came; `isEmpty`: without payload, and not the end of its stream.
  mutating func messageFrame(isEmpty: Bool) -> CodecError? {
    guard isEmpty else {
      emptyInARow = 0
      return nil
    }
    emptyInARow += 1
    return emptyInARow > maxEmpty ? .inboundEmptyFramesFlood : nil
  }

  mutating func priorityFrame() -> CodecError? {
    priorityFrames += 1
    return priorityFrames > maxPriorityPerStream.multiplied(by: 1 + openedStreams) ? .inboundPriorityFramesFlood : nil
  }

  mutating func windowUpdateFrame() -> CodecError? {
    windowUpdates += 1
    let credit = maxWindowUpdatesPerData.multiplied(by: dataFramesSent)
    let (limit, overflow) = credit.addingReportingOverflow(openedStreams)
    if overflow || windowUpdates <= 5 || (windowUpdates - 5 + 1) / 2 <= limit { return nil }
    return .inboundWindowUpdateFramesFlood
  }

  /// A frame of ours goes into the transport.
  mutating func sent(isControl: Bool, isData: Bool) {
    outbound += 1
    if isControl { outboundControl += 1 }
    if isData { dataFramesSent += 1 }
  }

  /// Frames have left the transport.
  mutating func drained(frames: Int, control: Int) {
    outbound = max(0, outbound - frames)
    outboundControl = max(0, outboundControl - control)
  }

  /// What waits to be sent, after more was written.
  var outboundVerdict: CodecError? {
    if outboundControl > maxOutboundControl { return .outboundControlFlood }
    return outbound > maxOutbound ? .outboundFlood : nil
  }
}

extension Int {
  /// The product, or the largest number where it would be larger. For what is not negative.
  fileprivate func multiplied(by other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}

extension CodecStat {
  /// What counts the floods.
  init?(flood error: CodecError) {
    switch error {
    case .inboundEmptyFramesFlood: self = .inboundEmptyFramesFlood
    case .inboundPriorityFramesFlood: self = .inboundPriorityFramesFlood
    case .inboundWindowUpdateFramesFlood: self = .inboundWindowUpdateFramesFlood
    case .outboundFlood: self = .outboundFlood
    case .outboundControlFlood: self = .outboundControlFlood
    default: return nil
    }
  }
}
