import Reactor

extension HeaderName {
  /// The known name with this lower-case text, or `other`.
  public init(_ text: ByteView) {
    for name in HeaderName.allCases where ByteView(name.text) == text {
      self = name
      return
    }
    self = .other
  }
}
