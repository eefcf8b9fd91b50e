import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// What a route does to the host (`host_rewrite_specifier`).
enum HostRewrite: Sendable, BitwiseCopyable {
  case literal(ConstantBytes)
  case header(HeaderField)
  case pathRegex(ConstantRegexRewrite)
  /// The name of the upstream host, once that is chosen.
  case auto

  /// `scratch` is left empty.
  func apply(
    _ headers: HeaderMap, appendForwardedHost: Bool, keepOriginal: Bool, scratch: inout TextBuffer
  ) {
    switch self {
    case .literal(let host):
      rewriteHost(headers, host.view, appendForwardedHost: appendForwardedHost, keepOriginal: keepOriginal)
    case .header(let field):
      guard let host = field.value(in: headers), !host.isEmpty else { return }
      // The map may move its bytes while it changes.
      scratch.removeAll()
      scratch.append(host)
      rewriteHost(headers, scratch.view, appendForwardedHost: appendForwardedHost, keepOriginal: keepOriginal)
      scratch.removeAll()
    case .pathRegex(let rewrite):
      guard let path = headers.value(of: .path) else { return }
      scratch.removeAll()
      rewrite.append(path.withoutQuery, to: &scratch)
      rewriteHost(headers, scratch.view, appendForwardedHost: appendForwardedHost, keepOriginal: keepOriginal)
      scratch.removeAll()
    case .auto: break
    }
  }
}

/// Sets the host, and tells the old one in `x-envoy-original-host` and, unless it stands there last already, in
/// `x-forwarded-host`. `host` must not be a view of the map.
func rewriteHost(_ headers: HeaderMap, _ host: ByteView, appendForwardedHost: Bool, keepOriginal: Bool) {
  if keepOriginal, let old = headers.value(of: .authority), !old.isEmpty { headers.set(.xEnvoyOriginalHost, old) }
  if appendForwardedHost, let old = headers.value(of: .authority), !old.isEmpty,
    lastElement(of: headers.value(of: .xForwardedHost)).map({ !($0 == old) }) ?? true
  {
    headers.append(.xForwardedHost, old)
  }
  headers.set(.authority, host)
}

private func lastElement(of list: ByteView?) -> ByteView? {
  guard let list else { return nil }
  return list.dropFirst(list.lastIndex(of: UInt8(ascii: ",")).map { $0 + 1 } ?? 0)
}
