import CNghttp2
import Reactor

/// How nghttp2 calls us: C functions that find their session by the pointer it was made with, and go on there
/// (HTTP2Session+Receiving).
enum HTTP2Callbacks {
  /// The limits that are ours to set are nghttp2's to leave alone.
  static func makeSession(isServer: Bool, _ options: HTTP2Options, _ memory: HTTP2Memory) -> OpaquePointer {
    var callbacks: OpaquePointer?
    var settings: OpaquePointer?
    var session: OpaquePointer?
    nghttp2_session_callbacks_new(&callbacks)
    nghttp2_option_new(&settings)
    defer {
      nghttp2_session_callbacks_del(callbacks)
      nghttp2_option_del(settings)
    }
    register(callbacks)
    nghttp2_option_set_no_auto_window_update(settings, 1)
    nghttp2_option_set_no_closed_streams(settings, 1)
    // Ours to judge: nghttp2 would end the connection for it.
    nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(settings, 1)
    nghttp2_option_set_max_deflate_dynamic_table_size(settings, options.hpackTableSize)
    nghttp2_option_set_max_outbound_ack(settings, options.maxOutboundControlFrames)
    nghttp2_option_set_max_send_header_block_length(settings, 16 * 1024 * 1024)
    // Before its SETTINGS, a server's limit is not known: the pool holds back, not nghttp2.
    nghttp2_option_set_peer_max_concurrent_streams(settings, UInt32(Int32.max))
    // The connection manager judges resets, as Envoy's does.
    nghttp2_option_set_stream_reset_rate_limit(settings, 1 << 40, 1 << 40)
    var functions = memory.functions
    let result =
      isServer
      ? nghttp2_session_server_new3(&session, callbacks, nil, settings, &functions)
      : nghttp2_session_client_new3(&session, callbacks, nil, settings, &functions)
    // Nothing of the peer's is in it yet: only memory can be wanting.
    guard result == 0, let session else { fatalError("out of memory") }
    return session
  }

  /// Callbacks go to `owner` from now on, which outlives the session.
  static func setOwner(_ owner: HTTP2Session, of session: OpaquePointer) {
    nghttp2_session_set_user_data(session, Unmanaged.passUnretained(owner).toOpaque())
  }

  private static func register(_ callbacks: OpaquePointer?) {
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, user in
      guard let header else { return failed }
      return withSession(user) { $0.beginFrame(header.pointee) }
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
      guard let frame else { return failed }
      return withSession(user) { $0.beginHeaders(frame.pointee.hd.stream_id, frame.pointee.headers.cat) }
    }
    nghttp2_session_callbacks_set_on_header_callback(callbacks) {
      _, frame, name, nameLength, value, valueLength, _, user in
      guard let frame, let name, let value else { return failed }
      let id = frame.pointee.hd.stream_id
      return withSession(user) {
        $0.header(id, ByteView(start: name, count: nameLength), ByteView(start: value, count: valueLength))
      }
    }
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
      guard let frame else { return failed }
      return withSession(user) { $0.frameReceived(frame) }
    }
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks) { _, frame, error, user in
      guard let frame else { return failed }
      return withSession(user) { $0.invalidFrame(frame.pointee.hd.stream_id, error) }
    }
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, flags, id, bytes, count, user in
      guard let bytes else { return failed }
      return withSession(user) { $0.dataReceived(id, ByteView(start: bytes, count: count), flags) }
    }
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, code, user in
      withSession(user) { $0.streamClosed(id, code) }
    }
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, user in
      guard let frame else { return failed }
      return withSession(user) { $0.frameSent(frame) }
    }
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks) { _, frame, _, user in
      guard let frame else { return failed }
      return withSession(user) { $0.frameNotSent(frame) }
    }
    nghttp2_session_callbacks_set_send_data_callback(callbacks) { _, _, header, length, source, user in
      guard let header, let source, let pointer = source.pointee.ptr else { return failed }
      let stream = Unmanaged<HTTP2Stream>.fromOpaque(pointer)
      return withSession(user) { session in
        stream._withUnsafeGuaranteedRef { session.write($0, header: ByteView(start: header, count: 9), length: length) }
        return 0
      }
    }
  }

  /// Where the bytes of a DATA frame come from.
  static let readData: nghttp2_data_source_read_callback = { _, _, _, limit, flags, source, _ in
    guard let flags, let source, let pointer = source.pointee.ptr else { return Int(failed) }
    return Unmanaged<HTTP2Stream>.fromOpaque(pointer)._withUnsafeGuaranteedRef { stream in
      let (length, marks) = stream.provide(limit)
      flags.pointee |= marks
      return length
    }
  }
}

private var failed: Int32 { NGHTTP2_ERR_CALLBACK_FAILURE.rawValue }

private func withSession(_ pointer: UnsafeMutableRawPointer?, _ body: (HTTP2Session) -> Int32) -> Int32 {
  guard let pointer else { return failed }
  return Unmanaged<HTTP2Session>.fromOpaque(pointer)._withUnsafeGuaranteedRef(body)
}
