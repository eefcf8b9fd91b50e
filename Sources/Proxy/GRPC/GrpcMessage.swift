import HTTP
import Reactor
import Telemetry

extension TextBuffer {
  /// Appends a `grpc-message`: percent-encoded, as gRPC's protocol over HTTP/2 wants it; of the printable ASCII, Envoy
  /// encodes `~` too.
  mutating func append(grpcMessage message: ByteView) {
    for index in 0..<message.count {
      let byte = message[index]
      if byte >= 0x20, byte < UInt8(ascii: "~"), byte != UInt8(ascii: "%") {
        append(byte: byte)
      } else {
        append("%")
        append(byte: Self.digit(byte >> 4))
        append(byte: Self.digit(byte & 0x0f))
      }
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") - 10 + value
  }
}
