import EnvoyConfig
import HTTP
import Reactor
import Telemetry
import Testing

@testable import Proxy

/// What the real Envoy 1.40.0 makes of the same.
@Suite struct GrpcValuesTests {
  @Test(arguments: [
    ("application/grpc", true), ("application/grpc+proto", true), ("application/grpc+", true),
    ("application/grpc;x=y", false), ("application/grpc-web", false), ("application/GRPC", false),
    ("application/grpcx", false), ("application/grp", false), ("", false),
  ])
  func contentTypes(type: String, isGrpc: Bool) {
    let headers: HeaderMap = [":path": "/p.S/M", "content-type": type]
    #expect(headers.isGrpcRequest == isGrpc)
  }

  @Test func aRequestWithoutPathIsNone() {
    let headers: HeaderMap = ["content-type": "application/grpc"]
    #expect(!headers.isGrpcRequest)
  }

  @Test func responses() {
    let whole: HeaderMap = [":status": "200", "content-type": "application/grpc"]
    #expect(whole.isGrpcResponse(endStream: false) && !whole.isGrpcResponse(endStream: true))
    let trailersOnly: HeaderMap = [":status": "503", "grpc-status": "14"]
    #expect(!trailersOnly.isGrpcResponse(endStream: false) && trailersOnly.isGrpcResponse(endStream: true))
  }

  @Test(arguments: [
    ("0", 0), ("16", 16), ("17", GrpcCode.invalid), ("x", GrpcCode.invalid), ("-1", GrpcCode.invalid),
    ("99999999999999999999", GrpcCode.invalid), ("", nil),
  ])
  func statuses(text: String, code: Int?) {
    let headers: HeaderMap = ["grpc-status": text]
    #expect(headers.grpcStatusCode == code)
  }

  @Test func statusesOfHTTP() {
    let expected: [UInt16] = [
      200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
    ]
    #expect((0...16).map(GrpcCode.httpStatus) == expected)
    #expect(GrpcCode.httpStatus(GrpcCode.invalid) == 500)
  }

  @Test func messages() {
    var text = TextBuffer(capacity: 1)
    text.append(grpcMessage: ByteView("100% ~é\n\u{7f}{}"))
    #expect(text.view.string == "100%25 %7E%C3%A9%0A%7F{}")
  }

  @Test func repliesKeepAStatusThatIsThere() {
    let reply = LocalReply(status: 503, body: ByteView("no"), detail: .none)
    var scratch = TextBuffer(capacity: 1)
    scratch.append("kept")
    let plain: HeaderMap = [":status": "200", "content-length": "2"]
    reply.writeGrpc(to: plain, scratch: &scratch)
    #expect(plain.all("grpc-status") == ["14"] && plain.all("grpc-message") == ["no"])
    #expect(plain.all("content-length").isEmpty && plain.all("content-type") == ["application/grpc"])
    let other: HeaderMap = [":status": "200", "grpc-status": "9", "grpc-message": "mine"]
    reply.writeGrpc(to: other, scratch: &scratch)
    #expect(other.all("grpc-status") == ["9"] && other.all("grpc-message") == ["no"])
    #expect(scratch.view.string == "kept")
  }
}
