import HTTP
import Reactor

/// A decoder that writes down what it is told. Data that comes in pieces is written as one, so that a trace does not
/// depend on how the bytes were cut.
final class RecordingDecoder: StreamDecoder {
  private(set) var trace: [String] = []
  private var data: [UInt8]?
  var isComplete = false
  var onHeaders: () -> Void = {}
  var onData: () -> Void = {}
  var onComplete: () -> Void = {}

  override func decodeHeaders(_ headers: HeaderMap, endStream: Bool) {
    trace.append("headers " + headers.text)
    onHeaders()
    if endStream { end() }
  }

  override func decodeInformational(_ headers: HeaderMap) { trace.append("informational " + headers.text) }

  override func decodeData(_ bytes: ByteView, endStream: Bool) {
    if bytes.count > 0 { data = (data ?? []) + Array(bytes.buffer) }
    onData()
    if endStream { end() }
  }

  override func decodeTrailers(_ trailers: HeaderMap) {
    flush()
    trace.append("trailers " + trailers.text)
    end()
  }

  override func decodeReset(_ reason: StreamReset) {
    flush()
    trace.append("reset \(reason.text)")
  }

  override func aboveWriteBufferHighWatermark() { trace.append("above") }

  override func belowWriteBufferLowWatermark() { trace.append("below") }

  func flush() {
    if let data { trace.append("data " + String(decoding: data, as: UTF8.self)) }
    data = nil
  }

  private func end() {
    flush()
    trace.append("end")
    isComplete = true
    onComplete()
  }
}
