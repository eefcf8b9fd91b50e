import HTTP
import Reactor

extension WorkerConnectionManager {
  /// Brings the path and the host into the form that the configuration asks for; a reply where they cannot pass.
  func normalize(_ headers: HeaderMap) -> LocalReply? {
    stripHost(headers)
    guard !info.pathNormalization.isOff, let path = headers.value(of: .path), !path.isEmpty,
      path[0] == UInt8(ascii: "/")
    else { return nil }
    defer { worker.scratch.removeAll() }
    switch info.pathNormalization.apply(path, to: &worker.scratch) {
    case .unchanged: return nil
    case .changed:
      headers.set(.path, worker.scratch.view)
      return nil
    case .redirect:
      shard.increment(info.stats[.downstreamRqRedirectedWithNormalizedPath])
      headers.set(.path, worker.scratch.view)
      return LocalReply(
        status: 307, detail: .literal("path_normalization_failed"),
        addHeaders: { reply in
          if let path = headers.value(of: .path) { reply.set(.location, path) }
        })
    case .refused:
      if worker.scratch.count > 0 { headers.set(.path, worker.scratch.view) }
      return refusePath()
    }
  }

  /// `strip_matching_host_port`, `strip_any_host_port`, `strip_trailing_host_dot`.
  private func stripHost(_ headers: HeaderMap) {
    guard info.stripPortMode != .none || info.stripTrailingHostDot, let authority = headers.value(of: .authority)
    else { return }
    let portStart = HostPort.portStart(authority)
    var host = portStart.map { authority.prefix($0 - 1) } ?? authority
    let port = portStart.map { authority.dropFirst($0) }
    if info.stripTrailingHostDot, let last = host.lastIndex(of: UInt8(ascii: ".")), last == host.count - 1 {
      host = host.prefix(last)
    }
    let dropsPort =
      info.stripPortMode == .any
      || info.stripPortMode == .matching && port?.decimal == info.listenerPort
    worker.scratch.append(host)
    if let port, !dropsPort {
      worker.scratch.append(byte: UInt8(ascii: ":"))
      worker.scratch.append(port)
    }
    headers.set(.authority, worker.scratch.view)
    worker.scratch.removeAll()
  }
}

/// Where the port stands in an authority.
enum HostPort {
  /// The index behind the colon; nil without a port. An IPv6 address's own colons stand in brackets.
  static func portStart(_ authority: ByteView) -> Int? {
    guard let colon = authority.lastIndex(of: UInt8(ascii: ":")) else { return nil }
    if let bracket = authority.lastIndex(of: UInt8(ascii: "]")), bracket > colon { return nil }
    return colon + 1
  }
}
