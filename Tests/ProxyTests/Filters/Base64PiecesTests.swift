import Reactor
import Testing

@testable import Proxy

@Suite struct Base64PiecesTests {
  private let pool = BlockPool()

  private func encoded(_ text: String, by size: Int) -> String {
    var encoder = Base64Encoder()
    var output = ByteQueue(pool: pool)
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: size) {
      let piece = Array(bytes[start..<min(start + size, bytes.count)])
      piece.withUnsafeBytes { encoder.append(ByteView($0), to: &output) }
    }
    encoder.finish(&output)
    return output.view.string
  }

  @Test(arguments: [1, 2, 3, 4, 7, 100])
  func encodesInPieces(size: Int) {
    #expect(encoded("", by: size) == "")
    #expect(encoded("f", by: size) == "Zg==")
    #expect(encoded("fo", by: size) == "Zm8=")
    #expect(encoded("foobar", by: size) == "Zm9vYmFy")
    #expect(encoded("\u{fb}?\u{7f}~", by: size) == "w7s/f34=")
  }

  private func decoded(_ pieces: String...) -> String? {
    var decoder = Base64Decoder()
    var output = ByteQueue(pool: pool)
    for piece in pieces {
      guard withBytes(piece, { decoder.append($0, to: &output) }) else { return nil }
    }
    return decoder.pending == 0 ? output.view.string : "\(output.view.string)+\(decoder.pending)"
  }

  @Test func decodesInPieces() {
    #expect(decoded("Zm9vYmFy") == "foobar")
    #expect(decoded("Z", "m9", "vYm", "Fy") == "foobar")
    #expect(decoded("Zg==", "Zm8=") == "ffo")
    #expect(decoded("Zg=", "=") == "f")
    #expect(decoded("Zm9vY") == "foo+1")
    #expect(decoded("") == "")
  }

  @Test(arguments: ["!!!!", "__--", "Zg==Zg==", "=AAA", "A===", "====", "Zm9v\n", "AB==", "AAB=", "Zg=A", "Z=g="])
  func refusesWhatIsNone(text: String) {
    #expect(decoded(text) == nil)
  }
}
