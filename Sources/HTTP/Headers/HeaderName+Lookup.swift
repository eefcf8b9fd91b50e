import Reactor

extension HeaderName {
  /// The known name with this text, whatever the case of its letters, or `other`.
  public init(_ text: ByteView) {
    for index in 0..<text.count where text[index] < 0x20 {
      self = .other
      return
    }
    self = HeaderNameTable.shared.find(text, from: 0, length: text.count)
  }
}
