/// The refusals of the HTTP/1 codec: status, body and response code details as Envoy 1.40.0 was seen to answer.
extension CodecError {
  /// Any breach of the grammar that has no name of its own.
  static var malformed: CodecError { badRequest("http1.codec_error") }
  /// A control character in a head.
  static var invalidCharacters: CodecError { badRequest("http1.invalid_characters") }
  /// A request target that its method does not allow, or whose authority is broken.
  static var invalidURL: CodecError { badRequest("http1.invalid_url") }
  /// A field name with an underscore, where headers_with_underscores_action is REJECT_REQUEST.
  static var unexpectedUnderscore: CodecError { badRequest("http1.unexpected_underscore") }
  static var invalidScheme: CodecError { badRequest("http1.invalid_scheme") }
  static var invalidAuthority: CodecError { badRequest("http.invalid_authority") }
  static var lengthAndTransferEncoding: CodecError { badRequest("http1.content_length_and_chunked_not_allowed") }
  /// Connection names what it may not (``NominatedFields``).
  static var connectionHeaderRejected: CodecError { badRequest("http1.connection_header_rejected") }
  /// A CONNECT request, or a response that never has content, that announces one.
  static var bodyDisallowed: CodecError { badRequest("http1.body_disallowed") }

  /// A peer that is tired of an idle connection says so before it closes (RFC 9110 §15.5.9): no breach.
  package static var unaskedRequestTimeout: CodecError { badRequest("http1.unasked_request_timeout") }

  /// A version other than HTTP/1.1.
  static var lowVersion: CodecError { CodecError(status: 426, body: "Upgrade Required", detail: "low_version") }

  static var headersTooLarge: CodecError { headersRefused("http1.headers_too_large") }
  static var tooManyHeaders: CodecError { headersRefused("http1.too_many_headers") }

  static var invalidTransferEncoding: CodecError {
    CodecError(status: 501, body: "Not Implemented", detail: "http1.invalid_transfer_encoding")
  }

  private static func badRequest(_ detail: StaticString) -> CodecError {
    CodecError(status: 400, body: "Bad Request", detail: detail)
  }

  private static func headersRefused(_ detail: StaticString) -> CodecError {
    CodecError(status: 431, body: "Request Header Fields Too Large", detail: detail)
  }
}
