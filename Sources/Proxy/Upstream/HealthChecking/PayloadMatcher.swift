/// Whether wanted runs of bytes stand in what came, in their order (Envoy's PayloadMatcher).
enum PayloadMatcher {
  static func matches(_ bytes: [UInt8], _ wanted: [[UInt8]]) -> Bool {
    var start = 0
    for run in wanted {
      guard let found = find(run, in: bytes, from: start) else { return false }
      start = found + run.count
    }
    return true
  }

  private static func find(_ run: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    guard bytes.count - start >= run.count else { return nil }
    return (start...(bytes.count - run.count)).first { bytes[$0..<($0 + run.count)].elementsEqual(run) }
  }
}
