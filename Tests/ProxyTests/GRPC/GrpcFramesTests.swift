import Reactor
import Testing

@testable import Proxy

@Suite struct GrpcFramesTests {
  private let body: [UInt8] =
    [0, 0, 0, 0, 0] + [1, 0, 0, 1, 0] + [UInt8](repeating: 7, count: 256) + [0, 0, 0, 0, 1, 9]

  /// However a body is cut, its messages begin at the same places.
  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 100, 1000])
  func countsMessagesInPieces(size: Int) {
    var frames = GrpcFrames()
    var counted: UInt64 = 0
    for start in stride(from: 0, to: body.count, by: size) {
      let piece = Array(body[start..<min(start + size, body.count)])
      counted += piece.withUnsafeBytes { frames.countMessages(ByteView($0)) }
    }
    #expect(counted == 3 && frames.count == 3 && frames.isBetweenMessages)
  }

  @Test func stopsAtTheEndOfEachMessage() {
    var frames = GrpcFrames()
    body.withUnsafeBytes { bytes in
      let view = ByteView(bytes)
      #expect(frames.take(view) == 5 && frames.isBetweenMessages)
      #expect(frames.take(view.dropFirst(5).prefix(100)) == 100 && !frames.isBetweenMessages)
      #expect(frames.take(view.dropFirst(105)) == 161 && frames.isBetweenMessages)
    }
  }

  @Test func theLongestMessageHasNoEndInSight() {
    var frames = GrpcFrames()
    let piece: [UInt8] = [0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]
    #expect(piece.withUnsafeBytes { frames.countMessages(ByteView($0)) } == 1)
    #expect(!frames.isBetweenMessages)
  }

  @Test(arguments: [
    ("/p.S/M", "p.S", "M"), ("//a//b/", "a", "b"), ("/a/b?x=/y/z", "a", "b"), ("a/b", "a", "b"),
  ])
  func methods(path: String, service: String, name: String) {
    withBytes(path) { path in
      let method = GrpcMethod(path: path)
      #expect(method?.service.string == service && method?.name.string == name)
    }
  }

  @Test(arguments: ["", "/", "/a", "/a/", "/a/b/c", "?/a/b"])
  func pathsOfNoMethod(path: String) {
    withBytes(path) { #expect(GrpcMethod(path: $0) == nil) }
  }
}
