import Reactor

/// Whether wanted runs of bytes stand in what came, in their order (Envoy's PayloadMatcher). Looks at each byte once, however
/// many parts it comes in.
struct PayloadMatcher {
  private let wanted: [[UInt8]]
  private var next = 0
  /// What the next run may begin in.
  private var rest: [UInt8] = []

  init(_ wanted: [[UInt8]]) { self.wanted = wanted }

  static func matches(_ bytes: [UInt8], _ wanted: [[UInt8]]) -> Bool {
    var matcher = PayloadMatcher(wanted)
    return bytes.withUnsafeBytes { matcher.take(ByteView($0)) }
  }

  /// Whether all has come, with these bytes.
  mutating func take(_ bytes: ByteView) -> Bool {
    rest += bytes.buffer
    var start = 0
    while next < wanted.count {
      let run = wanted[next]
      guard let found = Self.find(run, in: rest, from: start) else {
        rest.removeFirst(max(start, rest.count - run.count + 1))
        return false
      }
      start = found + run.count
      next += 1
    }
    rest = []
    return true
  }

  private static func find(_ run: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    guard bytes.count - start >= run.count else { return nil }
    return (start...(bytes.count - run.count)).first { bytes[$0..<($0 + run.count)].elementsEqual(run) }
  }
}
