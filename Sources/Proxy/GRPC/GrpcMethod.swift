import HTTP
import Reactor

/// What a gRPC request calls: `/package.Service/Method`. Views of the path.
struct GrpcMethod {
  let service: ByteView
  let name: ByteView

  /// Nil for paths that name no method. As Envoy, which splits at slashes: empty parts do not count.
  init?(path: ByteView) {
    var rest = path.prefix(path.firstIndex(of: UInt8(ascii: "?")) ?? path.count)
    var parts: (ByteView, ByteView) = (.empty, .empty)
    var count = 0
    while !rest.isEmpty {
      let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.count
      let part = rest.prefix(end)
      rest = rest.dropFirst(end + 1)
      if part.isEmpty { continue }
      count += 1
      if count == 1 { parts.0 = part } else { parts.1 = part }
    }
    guard count == 2 else { return nil }
    service = parts.0
    name = parts.1
  }

  init?(_ headers: HeaderMap) {
    guard let path = headers.value(of: .path) else { return nil }
    self.init(path: path)
  }
}
