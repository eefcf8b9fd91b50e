import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// A compiled `RedirectAction`, and what gives the `location` of a direct response that wants one.
struct RedirectEntry: Sendable, BitwiseCopyable {
  /// The scheme as configured; the request's when nil.
  var scheme: ConstantBytes?
  var host: ConstantBytes?
  /// With its colon.
  var port: ConstantBytes?
  var path: ConstantBytes?
  var rewrite: PathRewrite?
  var stripQuery = false

  /// A request's own address, as a direct response with a status of 201 or 3xx tells it.
  init() {}

  init(_ config: EnvoyConfig.RedirectAction, arena: RouteArena) {
    switch config.schemeRewrite {
    case .httpsRedirect(true): scheme = arena.bytes("https")
    case .schemeRedirect(let name) where !name.isEmpty: scheme = arena.bytes(name)
    case .httpsRedirect, .schemeRedirect, nil: break
    }
    if !config.hostRedirect.isEmpty { host = arena.bytes(config.hostRedirect) }
    if config.portRedirect != 0 { port = arena.bytes(":\(config.portRedirect)") }
    switch config.pathRewrite {
    case .pathRedirect(let redirect) where !redirect.isEmpty: path = arena.bytes(redirect)
    case .prefixRewrite(let prefix) where !prefix.isEmpty: rewrite = .prefix(arena.bytes(prefix))
    case .regexRewrite(let config): rewrite = .regex(arena.regexRewrite(config))
    case .pathRedirect, .prefixRewrite, nil: break
    }
    stripQuery = config.stripQuery
  }

  func appendLocation(_ headers: HeaderMap, to output: inout TextBuffer) {
    let scheme = scheme?.view ?? headers.value(of: .scheme) ?? .empty
    output.append(scheme)
    output.append("://")
    output.append(host?.view ?? requestHost(headers, newScheme: scheme))
    if let port { output.append(port.view) }
    appendPath(headers.value(of: .path) ?? .empty, to: &output)
  }

  /// A query in `path_redirect` stands, whatever else is said; else the request's own is kept unless stripped.
  private func appendPath(_ requestPath: ByteView, to output: inout TextBuffer) {
    let queryStart = requestPath.firstIndex(of: UInt8(ascii: "?")) ?? requestPath.count
    if let path {
      output.append(path.view)
      if path.view.firstIndex(of: UInt8(ascii: "?")) != nil { return }
    } else {
      output.append(requestPath.prefix(queryStart))
    }
    if !stripQuery { output.append(requestPath.dropFirst(queryStart)) }
  }

  /// The request's host, its port taken off where another one is configured, and where it is the default of a scheme that
  /// changes.
  private func requestHost(_ headers: HeaderMap, newScheme: ByteView) -> ByteView {
    let host = headers.value(of: .authority) ?? .empty
    let name = host.withoutPort
    if name.count == host.count { return host }
    var removesPort = port != nil
    if let old = headers.value(of: .xForwardedProto), !(old == newScheme) {
      let port = host.dropFirst(name.count)
      if old == "https" && port == ":443" || old == "http" && port == ":80" { removesPort = true }
    }
    return removesPort ? name : host
  }
}
