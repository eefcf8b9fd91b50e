import EnvoyConfig
import HTTP

extension HTTP1ServerOptions {
  init(_ config: HttpConnectionManager) {
    self.init()
    maxRequestHeadersKiB = Int(config.maxRequestHeadersKb)
    maxHeadersCount = Int(config.commonHttpProtocolOptions.maxHeadersCount)
    enableTrailers = config.http1ProtocolOptions.enableTrailers
    allowChunkedLength = config.http1ProtocolOptions.allowChunkedLength
    allowAbsoluteURL = config.http1ProtocolOptions.allowAbsoluteUrl
    allowCustomMethods = config.http1ProtocolOptions.allowCustomMethods
    switch config.commonHttpProtocolOptions.headersWithUnderscoresAction {
    case .allow: underscores = .allow
    case .rejectRequest: underscores = .rejectRequest
    case .dropHeader: underscores = .dropHeader
    }
  }
}

extension HTTP1ClientOptions {
  init(_ config: Cluster) {
    self.init()
    maxHeadersCount = Int(config.commonHttpProtocolOptions.maxHeadersCount)
    if let limit = config.commonHttpProtocolOptions.maxResponseHeadersKb { maxResponseHeadersKiB = Int(limit) }
    enableTrailers = config.http1ProtocolOptions.enableTrailers
    allowChunkedLength = config.http1ProtocolOptions.allowChunkedLength
  }
}
