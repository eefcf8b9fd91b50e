/// How many frames of what was written still wait in the transport: where each run of them ends, in bytes written.
struct OutboundMarks {
  private struct Mark {
    var end: UInt64
    var frames: Int
    var control: Int
  }

  private var written: UInt64 = 0
  private var marks: [Mark] = []
  private var first = 0

  /// `bytes` more were written, in so many frames.
  mutating func wrote(_ bytes: Int, frames: Int, control: Int) {
    written &+= UInt64(bytes)
    marks.append(Mark(end: written, frames: frames, control: control))
  }

  /// Drops what is no longer among the `waiting` bytes. Returns the frames that left.
  mutating func drain(waiting: Int) -> (frames: Int, control: Int) {
    guard first < marks.count else { return (0, 0) }
    let sent = written &- UInt64(waiting)
    var left = (frames: 0, control: 0)
    while first < marks.count, marks[first].end <= sent {
      left.frames += marks[first].frames
      left.control += marks[first].control
      first += 1
    }
    if first == marks.count {
      marks.removeAll(keepingCapacity: true)
      first = 0
    } else if first > 512, first > marks.count / 2 {
      marks.removeFirst(first)
      first = 0
    }
    return left
  }
}
