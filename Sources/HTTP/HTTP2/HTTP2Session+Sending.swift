import CNghttp2
import Reactor

/// Frames out: what is submitted to nghttp2, and how what comes of that gets into the transport.
extension HTTP2Session {
  /// Whether what is submitted now can be written before the call returns.
  var canSend: Bool { !isReceiving && !isSending && !isClosed }

  func sendHead(_ stream: HTTP2Stream, _ headers: HeaderMap, endStream: Bool) {
    let flags = UInt8(endStream ? NGHTTP2_FLAG_END_STREAM.rawValue : NGHTTP2_FLAG_NONE.rawValue)
    if isServer {
      table.fill(headers, .response, copies: !canSend)
      nghttp2_submit_headers(handle, flags, stream.id, nil, table.fields, table.count, nil)
    } else {
      stream.isHeadWaiting = true
      // What the peer has no room for waits inside nghttp2, for longer than the map stands.
      table.fill(headers, .request, copies: !canSend || open.count > peerMaxConcurrentStreams)
      let id = nghttp2_submit_headers(handle, flags, -1, nil, table.fields, table.count, stream.pointer)
      // Out of stream ids: this connection carries no further request.
      guard id > 0 else { return refuse(stream) }
      stream.id = id
      floods.streamOpened()
    }
    flush()
  }

  /// Its caller is in the middle of a call: it hears of it right after, and the delegate that no more can come here.
  private func refuse(_ stream: HTTP2Stream) {
    refused.append(stream)
    loop.soon(self)
  }

  func sendData(_ stream: HTTP2Stream) {
    var provider = nghttp2_data_provider(
      source: nghttp2_data_source(ptr: stream.pointer), read_callback: HTTP2Callbacks.readData)
    nghttp2_submit_data(handle, UInt8(NGHTTP2_FLAG_END_STREAM.rawValue), stream.id, &provider)
  }

  func sendTrailers(_ stream: HTTP2Stream, _ trailers: HeaderMap) {
    table.fill(trailers, .trailers, copies: !canSend)
    nghttp2_submit_trailer(handle, stream.id, table.fields, table.count)
  }

  /// Resets a stream from our side: `decoder` hears no more of it.
  func reset(_ stream: HTTP2Stream, _ decoder: Unretained<StreamDecoder>, _ reason: StreamReset) {
    if stream.id == 0 {
      if !isClosed { ended(stream) }
    } else {
      submitReset(stream, code(of: reason))
      flush()
    }
    tellComplete(decoder, wasReset: true)
  }

  /// As Envoy: neither side learns why the other gave up.
  private func code(of reason: StreamReset) -> nghttp2_error_code {
    switch reason {
    case .protocolError: NGHTTP2_PROTOCOL_ERROR
    case .connectError: NGHTTP2_CONNECT_ERROR
    default: NGHTTP2_INTERNAL_ERROR
    }
  }

  func submitReset(_ stream: HTTP2Stream, _ code: nghttp2_error_code) {
    nghttp2_submit_rst_stream(handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.id, code.rawValue)
  }

  func submitShutdownNotice() {
    if isClosed { return }
    nghttp2_submit_shutdown_notice(handle)
    flush()
  }

  func submitGoAway() {
    if isClosed { return }
    // As Envoy: neither the notice before, nor one that says what was wrong.
    count(.goawaySent, 1)
    nghttp2_submit_goaway(
      handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), nghttp2_session_get_last_proc_stream_id(handle),
      NGHTTP2_NO_ERROR.rawValue, nil, 0)
    flush()
  }

  /// Writes what nghttp2 has to send into the transport. Where nghttp2 is at work, it is done by who called that.
  func flush() {
    if !canSend { return }
    isSending = true
    drainMarks()
    while !hasEnded {
      var bytes: UnsafePointer<UInt8>?
      let length = nghttp2_session_mem_send(handle, &bytes)
      guard length > 0, let bytes else {
        if length < 0 { fail(.http2Protocol) }
        break
      }
      bytesInFlush += length
      transport.output.append(ByteView(start: bytes, count: length))
    }
    isSending = false
    if bytesInFlush > 0 { flushed() }
  }

  /// A DATA frame: its header, and then the stream's bytes.
  func write(_ stream: HTTP2Stream, header: ByteView, length: Int) {
    bytesInFlush += header.count + length
    transport.output.append(header)
    stream.write(length, to: transport)
  }

  private func flushed() {
    transport.flushSoon()
    marks.wrote(bytesInFlush, frames: framesInFlush, control: controlInFlush)
    bytesInFlush = 0
    framesInFlush = 0
    controlInFlush = 0
    if let error = floods.outboundVerdict { fail(error) }
  }

  func drainMarks() {
    let left = marks.drain(waiting: transport.output.count)
    if left.frames > 0 { floods.drained(frames: left.frames, control: left.control) }
  }

  /// nghttp2 has written a frame.
  func sent(_ type: UInt8) {
    let isControl = HTTP2Frame.isControl(type)
    framesInFlush += 1
    if isControl { controlInFlush += 1 }
    floods.sent(isControl: isControl, isData: type == HTTP2Frame.data)
  }

  func setAboveHighWatermark(_ isAbove: Bool) {
    isAboveHighWatermark = isAbove
    for stream in open { stream.updateWatermark(self) }
  }
}
