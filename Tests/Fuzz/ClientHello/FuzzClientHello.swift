import Proxy
import Reactor

/// The first bytes of a connection: whatever they are, they are told apart and nothing traps; and less of them never tells
/// more than all of them do.
func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = ByteView(UnsafeRawBufferPointer(start: data, count: size))
  let whole = ClientHello.parse(bytes)
  let half = ClientHello.parse(bytes.prefix(size / 2))
  if case .found(let hello) = half { precondition(whole == .found(hello)) }
  if case .found(let hello) = whole { precondition(hello.serverName.count <= 255) }
  _ = ClientHello.parse(bytes, limit: 64)
  return 0
}
