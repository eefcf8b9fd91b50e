import Reactor

extension HeaderName {
  /// The known name with this text, whatever the case of its letters, or `other`.
  public init(_ text: ByteView) { self = HeaderNameTable.shared.find(text) }
}
