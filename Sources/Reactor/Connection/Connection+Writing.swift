import CLinux
import Glibc

/// How what waits is sent: in one call where it can be, and the rest once the kernel has room.
extension Connection {
  func writeDirectly(_ bytes: ByteView) {
    let waiting = output.count
    let sent = transmit(output.view, bytes)
    if sent == waiting + bytes.count {
      output.removeAll()
      return
    }
    if sent >= waiting {
      output.removeAll()
      output.append(bytes.dropFirst(sent - waiting))
    } else {
      if sent > 0 { output.consume(sent) }
      output.append(bytes)
    }
    checkHighWatermark()
  }

  /// Shuts the sending side once everything is sent (half-close).
  package func shutdownWrite() {
    shutdownWriteAfterFlush = true
    queue()
  }

  /// Sends both runs in one call. Returns the bytes taken by the kernel; notes that it is full, or that it failed.
  private func transmit(_ first: ByteView, _ second: ByteView) -> Int {
    let sent: Int
    if let transportSocket = transportSocket.unretained {
      sent = transportSocket.use { transmit(first, second, through: $0) }
    } else if second.isEmpty {
      sent = Sockets.send(descriptor, first)
    } else if first.isEmpty {
      sent = Sockets.send(descriptor, second)
    } else {
      sent = transmitBoth(first, second)
    }
    if sent > 0 { delegate.unretained?.use { $0.connectionDidWrite(sent) } }
    if sent == first.count + second.count { return sent }
    writeBlocked = true
    if sent >= 0 { return sent }
    let code = errno
    if code != EAGAIN && code != EWOULDBLOCK && code != EINTR {
      failure = code
      queue()
    }
    return 0
  }

  private func transmit(_ first: ByteView, _ second: ByteView, through transportSocket: TransportSocket) -> Int {
    let sent = transportSocket.transmit(first, second)
    noteUnsent(transportSocket)
    return sent
  }

  private func transmitBoth(_ first: ByteView, _ second: ByteView) -> Int {
    var vectors: InlineArray<2, iovec> = [
      iovec(iov_base: UnsafeMutableRawPointer(mutating: first.start), iov_len: first.count),
      iovec(iov_base: UnsafeMutableRawPointer(mutating: second.start), iov_len: second.count),
    ]
    return withUnsafeMutableBytes(of: &vectors) { raw in
      var message = msghdr()
      message.msg_iov = raw.baseAddress?.assumingMemoryBound(to: iovec.self)
      message.msg_iovlen = 2
      return pl_sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL))
    }
  }

  /// What the transport socket holds goes on when the kernel has room.
  func noteUnsent(_ transportSocket: TransportSocket) {
    if transportSocket.hasUnsent { writeBlocked = true }
  }

  var isAllSent: Bool { output.isEmpty && transportSocket.unretained?.use { $0.hasUnsent } != true }

  func flush() {
    if isConnecting || state == .closed || writeBlocked { return }
    if !isAllSent {
      let sent = transmit(output.view, .empty)
      if sent > 0 { output.consume(sent) }
      if aboveHighWatermark { checkLowWatermark() }
    }
    if isAllSent { flushed() }
  }

  func flushed() {
    if shutdownWriteAfterFlush {
      shutdownWriteAfterFlush = false
      writeShut = true
      shutWriting()
      if halfClose && endReached { return finish(.localClose) }
    }
    if state == .closing { finish(.localClose) }
  }

  /// As Envoy: close_notify is the whole of a TLS half-close, TCP's sending side stays open for alerts.
  private func shutWriting() {
    if let transportSocket {
      transportSocket.shutdown()
      noteUnsent(transportSocket)
    } else {
      shutdown(descriptor, Int32(SHUT_WR))
    }
  }

  func checkHighWatermark() {
    guard bufferLimit > 0, !aboveHighWatermark, output.count > bufferLimit else { return }
    aboveHighWatermark = true
    delegate?.connectionAboveWriteBufferHighWatermark()
  }

  private func checkLowWatermark() {
    guard output.count <= bufferLimit / 2 else { return }
    aboveHighWatermark = false
    delegate?.connectionBelowWriteBufferLowWatermark()
  }
}
