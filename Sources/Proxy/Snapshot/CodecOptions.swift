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
    underscores = UnderscoresAction(config.commonHttpProtocolOptions)
  }
}

extension HTTP1ServerOptions.UnderscoresAction {
  init(_ config: HttpProtocolOptions) {
    self =
      switch config.headersWithUnderscoresAction {
      case .allow: .allow
      case .rejectRequest: .rejectRequest
      case .dropHeader: .dropHeader
      }
  }
}

extension HTTP2Options {
  /// - Parameter bufferLimit: the connection's, in bytes; 0 for none.
  init(_ config: Http2ProtocolOptions, bufferLimit: Int) {
    self.init()
    hpackTableSize = Int(config.hpackTableSize)
    maxConcurrentStreams = Int(config.maxConcurrentStreams)
    // Else a stream could bring more than we are willing to keep.
    initialStreamWindowSize =
      config.initialStreamWindowSize.map { Int($0) }
      ?? (bufferLimit == 0 ? Self.maxWindow : min(max(bufferLimit, Self.minWindow), Self.maxWindow))
    initialConnectionWindowSize = Int(config.initialConnectionWindowSize)
    allowConnect = config.allowConnect
    maxOutboundFrames = Int(config.maxOutboundFrames)
    maxOutboundControlFrames = Int(config.maxOutboundControlFrames)
    maxConsecutiveInboundFramesWithEmptyPayload = Int(config.maxConsecutiveInboundFramesWithEmptyPayload)
    maxInboundPriorityFramesPerStream = Int(config.maxInboundPriorityFramesPerStream)
    maxInboundWindowUpdateFramesPerDataFrameSent = Int(config.maxInboundWindowUpdateFramesPerDataFrameSent)
    overrideStreamErrorOnInvalidMessage = config.overrideStreamErrorOnInvalidHttpMessage ?? false
    keepalive = config.connectionKeepalive.map { HTTP2Keepalive($0) }
  }

  /// What a stream's window is at least, and at most where the file does not say (Envoy's default).
  private static let minWindow = 65_535
  private static let maxWindow = 16 * 1024 * 1024

  /// Of the downstream side.
  init(_ config: HttpConnectionManager, bufferLimit: Int) {
    self.init(config.http2ProtocolOptions, bufferLimit: bufferLimit)
    maxHeadersKiB = Int(config.maxRequestHeadersKb)
    maxHeadersCount = Int(config.commonHttpProtocolOptions.maxHeadersCount)
    underscores = HTTP1ServerOptions.UnderscoresAction(config.commonHttpProtocolOptions)
    streamFlushTimeout = (config.streamFlushTimeout ?? config.streamIdleTimeout).nanoseconds
  }
}

extension HTTP2Keepalive {
  init(_ config: KeepaliveSettings) {
    self.init(interval: config.interval?.nanoseconds ?? 0, timeout: config.timeout.nanoseconds)
    intervalJitter = config.intervalJitter
    connectionIdleInterval = config.connectionIdleInterval?.nanoseconds ?? 0
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
