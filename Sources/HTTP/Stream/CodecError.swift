/// A peer broke the protocol. Carries what Envoy answers and logs.
public struct CodecError: Error, Equatable {
  /// The status of the local reply, on the downstream side: 400, 426, 431, 501 …
  package let status: Int
  /// The reply's body; empty for none.
  package let body: StaticString
  /// Response code details, e.g. "http1.codec_error".
  package let detail: StaticString

  package init(status: Int, body: StaticString, detail: StaticString) {
    self.status = status
    self.body = body
    self.detail = detail
  }

  public static func == (left: CodecError, right: CodecError) -> Bool {
    left.status == right.status && left.detail.description == right.detail.description
  }
}
