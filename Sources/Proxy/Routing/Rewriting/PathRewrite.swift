import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// What a route does to the path: `prefix_rewrite` or `regex_rewrite`, of a route or of a redirect.
enum PathRewrite: Sendable, BitwiseCopyable {
  case prefix(ConstantBytes)
  case regex(ConstantRegexRewrite)

  /// Rewrites `:path`, and tells the old one in `x-envoy-original-path`. `scratch` is left empty.
  func apply(
    _ headers: HeaderMap, _ matched: PathMatcher, keepOriginal: Bool, scratch: inout TextBuffer
  ) {
    guard let old = headers.value(of: .path) else { return }
    let path = old.withoutQuery
    scratch.removeAll()
    switch self {
    case .prefix(let replacement):
      scratch.append(replacement.view)
      scratch.append(old.dropFirst(matched.matchedLength(of: path)))
    case .regex(let rewrite):
      rewrite.append(path, to: &scratch)
      scratch.append(old.dropFirst(path.count))
    }
    if keepOriginal { headers.set(.xEnvoyOriginalPath, old) }
    headers.set(.path, scratch.view)
    scratch.removeAll()
  }
}
