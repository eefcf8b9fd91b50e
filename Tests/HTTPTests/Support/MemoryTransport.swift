import HTTP
import Reactor

/// A transport that keeps what is written.
final class MemoryTransport: Transport {
  private(set) var flushes = 0

  init() { super.init(pool: BlockPool()) }

  override func flushSoon() { flushes += 1 }

  /// What was written since the last call.
  func take() -> String {
    let text = String(decoding: output.view.buffer, as: UTF8.self)
    output.removeAll()
    return text
  }
}

extension HeaderMap {
  /// A map of `name: value` lines.
  convenience init(_ lines: String) {
    self.init()
    for line in lines.split(separator: "\n") {
      let colon = line.dropFirst().firstIndex(of: ":") ?? line.endIndex
      var name = String(line[..<colon])
      var value = String(line[colon...].dropFirst(2))
      name.withUTF8 { name in
        value.withUTF8 { add(named: ByteView(UnsafeRawBufferPointer(name)), ByteView(UnsafeRawBufferPointer($0))) }
      }
    }
  }

  /// The fields in order as `name: value|name: value`.
  var text: String {
    (0..<endIndex).filter { isLive(at: $0) }.map { "\(nameText(at: $0).string): \(value(at: $0).string)" }
      .joined(separator: "|")
  }
}
