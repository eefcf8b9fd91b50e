import CNghttp2
import Reactor

/// What nghttp2 tells of the peer's frames. Each returns 0, or the error that nghttp2 is to end with.
extension HTTP2Session {
  private static let fatal = NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
  /// The stream at hand is reset with INTERNAL_ERROR, the connection goes on.
  private static let resetsStream = NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue

  func beginFrame(_ header: nghttp2_frame_hd) -> Int32 {
    if hasEnded { return Self.fatal }
    switch header.type {
    case HTTP2Frame.data, HTTP2Frame.headers, HTTP2Frame.continuation:
      if isServer, header.type == HTTP2Frame.headers, stream(header.stream_id) == nil, isWrong(header.stream_id) {
        return Self.fatal
      }
      // How much of a padded frame is padding is known when it is whole.
      if header.flags & HTTP2Frame.padded != 0 && header.type != HTTP2Frame.continuation { return 0 }
      let endsStream = header.type != HTTP2Frame.continuation && header.flags & HTTP2Frame.endStream != 0
      return verdict(floods.messageFrame(isEmpty: header.length == 0 && !endsStream))
    default: return 0
    }
  }

  /// Whether a head for a stream that is not open ends the connection. (Data for one nghttp2 drops without a word.)
  private func isWrong(_ id: Int32) -> Bool {
    switch closed.verdict(on: id) {
    case .ignored: return false
    case .resetStream:
      resetClosed(id)
      return false
    case .connectionClosed: fail(.http2Protocol, code: NGHTTP2_STREAM_CLOSED)
    case .neverOpened: fail(.http2Protocol, code: NGHTTP2_PROTOCOL_ERROR)
    }
    return true
  }

  private func verdict(_ error: CodecError?) -> Int32 {
    guard let error else { return 0 }
    fail(error)
    return Self.fatal
  }

  func beginHeaders(_ id: Int32, _ category: nghttp2_headers_category) -> Int32 {
    if hasEnded { return Self.fatal }
    if category == NGHTTP2_HCAT_REQUEST { return beginRequest(id) }
    if isServer { count(.trailers, 1) }
    stream(id)?.use { if $0.decoder != nil { beginFields($0) } }
    return 0
  }

  private func beginRequest(_ id: Int32) -> Int32 {
    guard case .server(let codec) = owner else { return Self.fatal }
    let stream = takeStream()
    stream.id = id
    closed.opened(id)
    bind(stream)
    floods.streamOpened()
    let decoder = codec.use { $0.delegate.use { Unretained($0.newStream(stream)) } }
    stream.decoder = decoder
    opened(stream)
    if stream.decoder != nil { beginFields(stream) }
    return hasEnded ? Self.fatal : 0
  }

  // MARK: Heads

  func header(_ id: Int32, _ name: ByteView, _ value: ByteView) -> Int32 {
    guard id == decodingID, let decoding else {
      if stream(id) == nil { count(.headersCbNoStream, 1) }
      return 0
    }
    return decoding.stream.use { stream in decoding.fields.use { add(name, value, to: $0, of: stream) } }
  }

  /// nghttp2 has seen to it that names are in lower case, and that neither they nor values hold what they may not.
  private func add(_ name: ByteView, _ value: ByteView, to fields: HeaderMap, of stream: HTTP2Stream) -> Int32 {
    let known = names.find(lowercase: name)
    stream.fieldBytes += name.count + value.count
    if isMalformed(known, value) { return refuse(stream) }
    if known == .other {
      if isServer, options.underscores != .allow, name.firstIndex(of: 0x5f) != nil { return treatUnderscore(stream) }
      if name.count > Int(UInt16.max) { return tooLarge(stream) }
      fields.add(unknown: name, value)
    } else if known == .cookie, let cookie = fields.firstIndex(of: .cookie) {
      // What RFC 9113 §8.2.3 lets a client cut apart.
      stream.fieldBytes += 2 - name.count
      fields.extend(at: cookie, by: value, separator: "; ")
    } else if known == .host, isServer, !stream.hasHead {
      if !fields.has(.authority) { fields.add(.authority, value) }
    } else if known == .authority, isServer, !HostSyntax.isValidHost(value) {
      // nghttp2 lets userinfo pass, which RFC 9113 §8.3.1 forbids.
      brokenMessage(decodingID, .http2InvalidField)
      return Self.resetsStream
    } else {
      fields.add(known, value)
    }
    if fields.count > options.maxHeadersCount {
      count(.headerOverflow, 1)
      stream.note("http2.too_many_headers")
      return Self.resetsStream
    }
    return stream.fieldBytes > maxHeaderBytes ? tooLarge(stream) : 0
  }

  /// What nghttp2 lets pass, or takes for the whole connection's fault: white space around a value (RFC 9113 §8.2.1), a
  /// status that is none (RFC 9110 §15).
  @inline(__always)
  private func isMalformed(_ name: HeaderName, _ value: ByteView) -> Bool {
    guard value.count > 0 else { return false }
    let (first, last) = (value[0], value[value.count - 1])
    if first == 0x20 || first == 0x09 || last == 0x20 || last == 0x09 { return true }
    return name == .status && first == 0x30
  }

  /// A message that breaks the rules, and harms nobody else on the connection (RFC 9113 §8.1.1).
  private func refuse(_ stream: HTTP2Stream) -> Int32 {
    count(.rxMessagingError, 1)
    stream.note(CodecError.http2InvalidField.detail)
    submitReset(stream, NGHTTP2_PROTOCOL_ERROR)
    return Self.resetsStream
  }

  private func tooLarge(_ stream: HTTP2Stream) -> Int32 {
    count(.headerListSizeTooLarge, 1)
    stream.note("http2.header_list_size_too_large")
    return Self.resetsStream
  }

  private func treatUnderscore(_ stream: HTTP2Stream) -> Int32 {
    if options.underscores == .dropHeader {
      count(.droppedHeadersWithUnderscores, 1)
      return 0
    }
    count(.requestsRejectedWithUnderscoresInHeaders, 1)
    stream.note("http2.unexpected_underscore")
    return Self.resetsStream
  }

  /// As Envoy's requests have them: behind the other fields.
  private func moveCookieBehind(_ fields: HeaderMap) {
    guard let index = fields.firstIndex(of: .cookie), index != fields.endIndex - 1 else { return }
    fields.add(.cookie, fields.value(at: index))
    fields.remove(at: index)
  }

  private func headComplete(_ stream: HTTP2Stream, endStream: Bool) {
    endFields()
    guard let decoder = stream.decoder else { return }
    let fields = stream.fields.take() ?? pool.take()
    if stream.hasHead {
      fields.joinRepeated(of: .joinedInTrailers)
      decoder.use { $0.decodeTrailers(fields) }
    } else if isServer {
      stream.hasHead = true
      if fields.isExtendedConnect { fields.becomeUpgradeRequest() }
      stream.isAnswerToHead = fields.value(of: .method).map { $0 == "HEAD" } ?? false
      fields.joinRepeated(of: .joinedInRequests)
      moveCookieBehind(fields)
      decoder.use { $0.decodeHeaders(fields, endStream: endStream) }
    } else if let status = fields.value(of: .status), status.count == 3, status[0] == 0x31 {
      decoder.use { $0.decodeInformational(fields) }
    } else {
      stream.hasHead = true
      if !stream.upgrade.isEmpty, fields.value(of: .status).map({ $0 == "200" }) ?? false {
        stream.upgrade.withUnsafeBytes { fields.becomeUpgradeResponse(to: ByteView($0)) }
      }
      fields.joinRepeated(of: .joinedInResponses)
      decoder.use { $0.decodeHeaders(fields, endStream: endStream) }
    }
  }

  // MARK: Frames

  func frameReceived(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
    if hasEnded { return Self.fatal }
    let header = frame.pointee.hd
    switch header.type {
    case HTTP2Frame.headers:
      let padding = frame.pointee.headers.padlen
      messageReceived(header, isHead: true)
      return padded(header, padding)
    case HTTP2Frame.data:
      let padding = frame.pointee.data.padlen
      messageReceived(header, isHead: false)
      return padded(header, padding)
    case HTTP2Frame.resetStream:
      let code = frame.pointee.rst_stream.error_code
      if let stream = stream(header.stream_id) {
        count(.rxReset, 1)
        stream.use { $0.remoteReset = code }
      }
    case HTTP2Frame.settings: settingsReceived(header)
    case HTTP2Frame.ping: if header.flags & HTTP2Frame.acknowledges != 0 { pingAnswered() }
    case HTTP2Frame.goAway: goAwayReceived()
    case HTTP2Frame.priority: return verdict(floods.priorityFrame())
    case HTTP2Frame.windowUpdate: return verdict(floods.windowUpdateFrame())
    default: break
    }
    return 0
  }

  private func padded(_ header: nghttp2_frame_hd, _ padding: Int) -> Int32 {
    guard header.flags & HTTP2Frame.padded != 0 else { return 0 }
    let isEmpty = header.length <= padding && header.flags & HTTP2Frame.endStream == 0
    return verdict(floods.messageFrame(isEmpty: isEmpty))
  }

  private func messageReceived(_ header: nghttp2_frame_hd, isHead: Bool) {
    guard let stream = stream(header.stream_id) else { return }
    let endStream = header.flags & HTTP2Frame.endStream != 0
    stream.use { stream in
      if endStream { stream.remoteEnded = true }
      if isHead {
        headComplete(stream, endStream: endStream)
      } else if endStream {
        receivedEnd(stream)
      }
      if endStream { requestOutlivesResponse(stream) }
    }
  }

  /// Upstream: a response is whole before its request is. The rest of that is of no use to anyone.
  private func requestOutlivesResponse(_ stream: HTTP2Stream) {
    guard !isServer, stream.id != 0, stream.remoteEnded, !stream.localEnded else { return }
    submitReset(stream, NGHTTP2_INTERNAL_ERROR)
  }

  func dataReceived(_ id: Int32, _ data: ByteView, _ flags: UInt8) -> Int32 {
    if hasEnded { return Self.fatal }
    guard let stream = stream(id) else {
      dropped(data.count)
      return 0
    }
    stream.use { receivedData($0, data, isLast: flags & HTTP2Frame.endStream != 0) }
    return 0
  }

  private func settingsReceived(_ header: nghttp2_frame_hd) {
    guard header.flags & HTTP2Frame.acknowledges == 0, case .client(let codec) = owner else { return }
    codec.use { codec in
      let limit = min(options.maxConcurrentStreams, peerMaxConcurrentStreams)
      guard limit != codec.maxConcurrentStreams else { return }
      codec.maxConcurrentStreams = limit
      codec.delegate.use { $0.maxConcurrentStreamsChanged(limit) }
    }
  }

  /// The connection takes no new streams.
  func goAwayReceived() {
    guard case .client(let codec) = owner else { return }
    codec.use { codec in
      codec.isGoingAway = true
      codec.delegate.use { $0.goAwayReceived() }
    }
  }

  func invalidFrame(_ id: Int32, _ error: Int32) -> Int32 {
    if hasEnded { return Self.fatal }
    switch error {
    case NGHTTP2_ERR_REFUSED_STREAM.rawValue:
      count(.streamRefusedErrors, 1)
      closed.closed(id, .resetByUs)
    case NGHTTP2_ERR_HTTP_HEADER.rawValue: brokenMessage(id, .http2InvalidField)
    case NGHTTP2_ERR_HTTP_MESSAGING.rawValue: brokenMessage(id, .http2Messaging)
    default: stream(id)?.use { $0.note(CodecError.http2Protocol.detail) }
    }
    return 0
  }

  private func brokenMessage(_ id: Int32, _ error: CodecError) {
    count(.rxMessagingError, 1)
    stream(id)?.use { $0.note(error.detail) }
    if !options.overrideStreamErrorOnInvalidMessage { terminate(error, code: NGHTTP2_PROTOCOL_ERROR) }
  }

  // MARK: Ends

  func streamClosed(_ id: Int32, _ code: UInt32) -> Int32 {
    guard let stream = stream(id), !isClosed else { return 0 }
    stream.use { stream in
      if isServer { closed.closed(id, end(of: stream, code)) }
      let isWhole = isServer ? stream.localEndSent : stream.remoteEnded
      if isWhole, let decoder = stream.decoder {
        ended(stream)
        if !hasEnded { tellComplete(decoder) }
      } else {
        close(stream, resetReason(stream, code))
      }
    }
    return 0
  }

  private func end(of stream: HTTP2Stream, _ code: UInt32) -> ClosedStreams.End {
    if stream.remoteReset != nil { return .resetByPeer }
    return code == NGHTTP2_NO_ERROR.rawValue && stream.localEndSent && stream.remoteEnded ? .complete : .resetByUs
  }

  /// Who ended it: the peer, or nghttp2 for what the peer did; as Envoy takes the codes of either.
  private func resetReason(_ stream: HTTP2Stream, _ code: UInt32) -> StreamReset {
    stream.note("http2.remote_reset")
    if isServer, stream.remoteReset != nil { return .remoteReset }
    switch code {
    case NGHTTP2_REFUSED_STREAM.rawValue: return .remoteRefusedStreamReset
    case NGHTTP2_PROTOCOL_ERROR.rawValue: return .protocolError
    case NGHTTP2_CONNECT_ERROR.rawValue: return .connectError
    default: return .remoteReset
    }
  }

  func frameSent(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
    let header = frame.pointee.hd
    sent(header.type)
    switch header.type {
    case HTTP2Frame.data, HTTP2Frame.headers:
      if !isServer, header.type == HTTP2Frame.headers { stream(header.stream_id)?.use { $0.headWritten(self) } }
      if header.flags & HTTP2Frame.endStream != 0 { stream(header.stream_id)?.use { endSent($0) } }
    case HTTP2Frame.resetStream: count(.txReset, 1)
    case HTTP2Frame.goAway:
      if frame.pointee.goaway.error_code != NGHTTP2_NO_ERROR.rawValue { fail(.http2Protocol) }
    default: break
    }
    return 0
  }

  /// Downstream: a response is whole before its request is. The client may stop (RFC 9113 §8.1).
  private func endSent(_ stream: HTTP2Stream) {
    stream.localEndSent = true
    guard isServer, !stream.remoteEnded else { return }
    submitReset(stream, stream.hasTunnelFailed ? NGHTTP2_CONNECT_ERROR : NGHTTP2_NO_ERROR)
  }

  /// A request that nghttp2 could not send, for a GOAWAY that came before it, say: the host never saw it. nghttp2 has opened
  /// its stream, and closes it next.
  func frameNotSent(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
    let header = frame.pointee.hd
    guard header.type == HTTP2Frame.headers, frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST,
      let stream = stream(header.stream_id)
    else { return 0 }
    unbind(header.stream_id)
    stream.use { close($0, .remoteRefusedStreamReset) }
    return 0
  }
}
