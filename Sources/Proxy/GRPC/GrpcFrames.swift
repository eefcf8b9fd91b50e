import Reactor

/// Where the messages of a gRPC body begin and end, while it comes in pieces: each has a head of five bytes, a flag and its
/// length (gRPC over HTTP/2, Length-Prefixed-Message).
struct GrpcFrames {
  private static let headLength = 5

  /// Messages that have begun.
  private(set) var count: UInt64 = 0
  /// What has come of the present message's head; 0 between messages.
  private var headBytes = 0
  private var rest: UInt32 = 0

  /// How many bytes belong to the present message, or to the next one between messages; at the end of a message it stops.
  mutating func take(_ data: ByteView) -> Int {
    var index = 0
    while index < data.count {
      if headBytes == Self.headLength {
        let taken = min(Int(rest), data.count - index)
        rest -= UInt32(taken)
        index += taken
      } else {
        takeHead(data[index])
        index += 1
      }
      if headBytes == Self.headLength, rest == 0 {
        headBytes = 0
        return index
      }
    }
    return index
  }

  private mutating func takeHead(_ byte: UInt8) {
    if headBytes == 0 {
      count += 1
      rest = 0
    } else {
      rest = rest << 8 | UInt32(byte)
    }
    headBytes += 1
  }

  var isBetweenMessages: Bool { headBytes == 0 }

  /// How many messages begin in a piece.
  mutating func countMessages(_ data: ByteView) -> UInt64 {
    let before = count
    var rest = data
    while !rest.isEmpty { rest = rest.dropFirst(take(rest)) }
    return count - before
  }
}
