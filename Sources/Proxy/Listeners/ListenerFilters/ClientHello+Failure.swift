extension ClientHello {
  /// Why bytes are no ClientHello. Envoy's TLS library has a number and a name for each, and its logs show them.
  package enum Failure: Error, Sendable {
    case clientHelloParseFailed, connectionRejected, encryptedLengthTooLong, errorParsingExtension
    case excessHandshakeData, excessiveMessageSize, httpRequest, httpsProxyRequest, tooManyEmptyFragments
    case unexpectedMessage, unexpectedRecord, wrongVersionNumber

    /// What %DOWNSTREAM_TRANSPORT_FAILURE_REASON% says.
    package var reason: StaticString {
      switch self {
      case .clientHelloParseFailed:
        "TLS_error|error:10000083:SSL_routines:OPENSSL_internal:CLIENTHELLO_PARSE_FAILED:TLS_error_end"
      case .connectionRejected:
        "TLS_error|error:10000085:SSL_routines:OPENSSL_internal:CONNECTION_REJECTED:TLS_error_end"
      case .encryptedLengthTooLong:
        "TLS_error|error:10000092:SSL_routines:OPENSSL_internal:ENCRYPTED_LENGTH_TOO_LONG:TLS_error_end"
      case .errorParsingExtension:
        "TLS_error|error:10000095:SSL_routines:OPENSSL_internal:ERROR_PARSING_EXTENSION:TLS_error_end"
      case .excessHandshakeData:
        "TLS_error|error:100000ff:SSL_routines:OPENSSL_internal:EXCESS_HANDSHAKE_DATA:TLS_error_end"
      case .excessiveMessageSize:
        "TLS_error|error:10000096:SSL_routines:OPENSSL_internal:EXCESSIVE_MESSAGE_SIZE:TLS_error_end"
      case .httpRequest: "TLS_error|error:1000009c:SSL_routines:OPENSSL_internal:HTTP_REQUEST:TLS_error_end"
      case .httpsProxyRequest:
        "TLS_error|error:1000009b:SSL_routines:OPENSSL_internal:HTTPS_PROXY_REQUEST:TLS_error_end"
      case .tooManyEmptyFragments:
        "TLS_error|error:100000e8:SSL_routines:OPENSSL_internal:TOO_MANY_EMPTY_FRAGMENTS:TLS_error_end"
      case .unexpectedMessage:
        "TLS_error|error:100000df:SSL_routines:OPENSSL_internal:UNEXPECTED_MESSAGE:TLS_error_end"
      case .unexpectedRecord:
        "TLS_error|error:100000e1:SSL_routines:OPENSSL_internal:UNEXPECTED_RECORD:TLS_error_end"
      case .wrongVersionNumber:
        "TLS_error|error:100000f7:SSL_routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end"
      }
    }
  }
}
