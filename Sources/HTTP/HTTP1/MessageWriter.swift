import Glibc
import Reactor

/// Writes messages in HTTP/1.1's form: lower-case names, fields in the map's order, framing last.
enum MessageWriter {
  /// The fields but the pseudo-header fields, and but Transfer-Encoding: framing is the codec's own, not the map's.
  static func appendFields(
    _ headers: HeaderMap, omitting omitted: HeaderName = .other, names: HeaderNameTable, to queue: inout ByteQueue
  ) {
    for index in 0..<headers.endIndex {
      let entry = headers.entry(index)
      let name = entry.name
      if entry.removed || name.isPseudo || name == .transferEncoding { continue }
      if name == .other {
        appendField(headers.nameText(at: index), headers.value(at: index), to: &queue)
      } else if name != omitted {
        appendField(name, headers.value(at: index), names: names, to: &queue)
      }
    }
  }

  @inline(__always)
  static func appendField(_ name: HeaderName, _ value: ByteView, names: HeaderNameTable, to queue: inout ByteQueue) {
    let target = queue.reserve(HeaderNameTable.rowLength &+ value.count &+ 10)
    let start = names.write(name, to: target)
    copyWords(of: value, to: target + start)
    appendLineEnd(at: target + (start &+ value.count))
    queue.commit(start &+ value.count &+ 2)
  }

  /// A value of a map: up to seven bytes behind it may be read, and written at the target.
  @inline(__always)
  private static func copyWords(of value: ByteView, to target: UnsafeMutablePointer<UInt8>) {
    if value.count > 64 {
      memcpy(target, value.start, value.count)
      return
    }
    var offset = 0
    while offset < value.count {
      let word = UnsafeRawPointer(value.start + offset).loadUnaligned(as: UInt64.self)
      UnsafeMutableRawPointer(target + offset).storeBytes(of: word, as: UInt64.self)
      offset &+= 8
    }
  }

  private static func appendField(_ name: ByteView, _ value: ByteView, to queue: inout ByteQueue) {
    let length = name.count + value.count + 4
    let target = queue.reserve(length)
    memcpy(target, name.start, name.count)
    target[name.count] = 0x3a
    target[name.count + 1] = 0x20
    memcpy(target + name.count + 2, value.start, value.count)
    appendLineEnd(at: target + length - 2)
    queue.commit(length)
  }

  @inline(__always)
  private static func appendLineEnd(at target: UnsafeMutablePointer<UInt8>) {
    target[0] = 0x0d
    target[1] = 0x0a
  }

  @inline(__always)
  static func appendLineEnd(to queue: inout ByteQueue) {
    appendLineEnd(at: queue.reserve(2))
    queue.commit(2)
  }

  /// Sends content as one chunk, and the last chunk with it where it is the end. Empty data makes no chunk: that would
  /// be the last one.
  static func writeChunk(_ data: ByteView, endStream: Bool, to transport: Transport) {
    if data.count > 0 {
      transport.output.append(hexadecimal: UInt(data.count))
      transport.output.append("\r\n")
      transport.write(data)
      transport.output.append(endStream ? "\r\n0\r\n\r\n" : "\r\n")
    } else if endStream {
      transport.output.append("0\r\n\r\n")
    }
    transport.flushSoon()
  }

  /// Ends chunked content with the trailer fields, or without where there are none to send.
  static func writeTrailers(_ trailers: HeaderMap?, names: HeaderNameTable, to transport: Transport) {
    transport.output.append("0\r\n")
    if let trailers { appendFields(trailers, names: names, to: &transport.output) }
    appendLineEnd(to: &transport.output)
    transport.flushSoon()
  }
}

extension MessageWriter {
  static func appendStatusLine(_ status: Int, to queue: inout ByteQueue) {
    if status == 200 { return queue.append("HTTP/1.1 200 OK\r\n") }
    queue.append("HTTP/1.1 ")
    queue.append(decimal: status)
    queue.append(byte: 0x20)
    queue.append(reasonPhrase(status))
    queue.append("\r\n")
  }

  static func appendRequestLine(_ headers: HeaderMap, to queue: inout ByteQueue) {
    queue.append(headers.value(of: .method) ?? ByteView("GET"))
    queue.append(byte: 0x20)
    // A CONNECT request has no path: its target is the authority (RFC 9112 §3.2.3).
    queue.append(headers.value(of: .path) ?? headers.value(of: .authority) ?? ByteView("/"))
    queue.append(" HTTP/1.1\r\n")
  }
}
