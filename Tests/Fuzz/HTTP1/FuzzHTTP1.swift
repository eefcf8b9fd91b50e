import HTTP
import Reactor

/// Both HTTP/1.1 codecs against whatever comes. Input: `c` for a response or anything else for requests, a byte that
/// says into how long pieces to cut, and the bytes. They must do no harm, and mean the same whole and in pieces.
func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let data, count > 2 else { return 0 }
  let bytes = ByteView(start: data + 2, count: count - 2)
  let decode = data[0] == 0x63 ? decodeResponses : decodeRequests
  let pieceLength = Int(data[1] % 16) + 1
  guard decode(bytes, bytes.count) == decode(bytes, pieceLength) else {
    fatalError("cut into pieces of \(pieceLength) bytes the input means something else")
  }
  return 0
}

private func decodeRequests(_ bytes: ByteView, pieceLength: Int) -> UInt64 {
  let server = Server()
  feed(bytes, pieceLength: pieceLength) { piece throws(CodecError) in try server.codec?.dispatch(piece) ?? 0 }
  do throws(CodecError) { try server.codec?.endOfInput() } catch {}
  return server.digest.value
}

private func decodeResponses(_ bytes: ByteView, pieceLength: Int) -> UInt64 {
  let client = Client()
  client.request()
  feed(bytes, pieceLength: pieceLength) { piece throws(CodecError) in try client.codec?.dispatch(piece) ?? 0 }
  do throws(CodecError) { try client.codec?.endOfInput(isClean: true) } catch {}
  client.codec?.connectionClosed(.connectionTermination)
  return client.digest.value
}

/// Brings the bytes in pieces, what was not taken again with the next.
private func feed(
  _ bytes: ByteView, pieceLength: Int, to dispatch: (ByteView) throws(CodecError) -> Int
) {
  var taken = 0
  var end = 0
  while end < bytes.count {
    end = min(bytes.count, end + pieceLength)
    do throws(CodecError) {
      let length = try dispatch(bytes[taken..<end])
      guard length >= 0, length <= end - taken else { fatalError("more was taken than given") }
      taken += length
    } catch {
      return
    }
  }
}

/// What the decoders were told, in one number (FNV-1a); how data was cut leaves no mark.
private final class Digest {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }

  func add(_ bytes: ByteView) { for index in 0..<bytes.count { add(bytes[index]) } }

  func add(_ map: HeaderMap) {
    for index in 0..<map.endIndex where map.isLive(at: index) {
      add(map.nameText(at: index))
      add(map.value(at: index))
    }
  }
}

private final class Decoder: StreamDecoder {
  private let digest: Digest
  private let onEnd: () -> Void

  init(_ digest: Digest, onEnd: @escaping () -> Void) {
    self.digest = digest
    self.onEnd = onEnd
  }

  override func decodeHeaders(_ headers: HeaderMap, endStream: Bool) {
    digest.add(1)
    digest.add(headers)
    if endStream { end() }
  }

  override func decodeInformational(_ headers: HeaderMap) { digest.add(headers) }

  override func decodeData(_ data: ByteView, endStream: Bool) {
    digest.add(data)
    if endStream { end() }
  }

  override func decodeTrailers(_ trailers: HeaderMap) {
    digest.add(2)
    digest.add(trailers)
    end()
  }

  private func end() {
    digest.add(3)
    onEnd()
  }
}

private final class Server: ServerCodecDelegate {
  let digest = Digest()
  private(set) var codec: HTTP1ServerCodec?
  private let transport = Transport(pool: BlockPool())
  private let response = HeaderMap()
  private var decoders: [Decoder] = []

  override init() {
    super.init()
    response.add(.status, "200")
    var options = HTTP1ServerOptions()
    options.enableTrailers = true
    options.maxRequestHeadersKiB = 1
    codec = HTTP1ServerCodec(transport: transport, delegate: self, pool: HeaderMapPool(), options: options)
  }

  override func newStream(_ encoder: StreamEncoder) -> StreamDecoder {
    let decoder = Decoder(digest) { [unowned self] in
      encoder.encodeHeaders(response, endStream: false)
      encoder.encodeData(ByteView("ok"), endStream: true)
      transport.output.removeAll()
    }
    decoders.append(decoder)
    return decoder
  }
}

private final class Client: ClientCodecDelegate {
  let digest = Digest()
  private(set) var codec: HTTP1ClientCodec?
  private var decoders: [Decoder] = []

  override init() {
    super.init()
    var options = HTTP1ClientOptions()
    options.enableTrailers = true
    options.maxResponseHeadersKiB = 1
    codec = HTTP1ClientCodec(
      transport: Transport(pool: BlockPool()), delegate: self, pool: HeaderMapPool(), options: options)
  }

  func request() {
    let headers = HeaderMap()
    headers.add(.method, "GET")
    headers.add(.path, "/")
    let decoder = Decoder(digest) {}
    decoders.append(decoder)
    codec?.newStream(decoder).use { $0.encodeHeaders(headers, endStream: true) }
  }
}
