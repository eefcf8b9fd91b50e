import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// `envoy.filters.http.jwt_authn`: lets requests on that bring the tokens they need.
///
///     head --> judged --> passes, or is answered
///                |
///                +-- keys are wanting --> waits, then judged anew
final class JwtAuthnFilter: HTTPFilter {
  private let config: WorkerJwtAuthn
  private let info: JwtAuthnInfo
  /// Its place among the filters: what routes say to it.
  private let place: Int
  private var requirement: JwtRequirementInfo?
  private var waitsFor: Int?
  /// Keys that came for this request, which may be out of date already.
  private var arrived: [Int: JsonWebKeySet?] = [:]

  init(_ stream: ActiveStream, _ info: JwtAuthnInfo, place: Int) {
    config = stream.worker.jwtAuthn(info)
    self.info = info
    self.place = place
    super.init(stream)
  }

  override func onDestroy() {
    if let waitsFor { config.cancel(waitsFor, self) }
    waitsFor = nil
    requirement = nil
    arrived = [:]
  }

  override func decodeRequestHeaders(_ headers: HeaderMap, endStream: Bool) -> FilterStatus {
    for name in info.ownHeaders { withBytes(name) { _ = headers.remove(named: $0) } }
    if info.bypassCorsPreflight, isPreflight(headers) {
      shard.increment(info.stats[.corsPreflightBypassed])
      return pass()
    }
    switch stream.info.filterConfigs?.use({ $0.config(at: place) }) {
    case .jwtAuthn(.disabled): return pass()
    case .jwtAuthn(.requirementName(let name)):
      guard let named = info.requirement(named: name) else { return refuse(info.wrongRequirement(name), headers) }
      requirement = named
    default: requirement = info.requirement(for: headers, randomValue: stream.info.randomValue)
    }
    guard let requirement else { return pass() }
    return judge(headers, requirement)
  }

  private func pass() -> FilterStatus {
    shard.increment(info.stats[.allowed])
    return .continueIteration
  }

  private func isPreflight(_ headers: HeaderMap) -> Bool {
    guard let method = headers.value(of: .method), method == "OPTIONS" else { return false }
    return ["origin", "access-control-request-method"].allSatisfy { name in
      withBytes(name) { headers.value(named: $0).map { !$0.isEmpty } ?? false }
    }
  }

  // MARK: Judging

  private func judge(_ headers: HeaderMap, _ requirement: JwtRequirementInfo) -> FilterStatus {
    let now = UInt64(max(0, stream.loop.wallNow / 1_000_000_000))
    var verification = JwtVerification(
      info.providers, headers, now: now, keys: { self.keys($0) },
      cached: { self.config.cached($0, $1, now: now) })
    do throws(JwtVerification.Waiting) {
      let status = try verification.judge(requirement)
      return finish(status, verification, headers)
    } catch {
      waitsFor = error.provider
      config.wait(for: error.provider, self)
      return .stopIteration
    }
  }

  private func keys(_ provider: Int) -> JwtKeys {
    if let keys = arrived[provider] { return keys.map { .ready($0) } ?? .failed(.jwksFetchFailed) }
    return config.keys(provider).map { .ready($0) } ?? .notFetched
  }

  /// The keys are there, or will not come (nil).
  func keysArrived(_ provider: Int, _ keys: JsonWebKeySet?) {
    waitsFor = nil
    arrived[provider] = .some(keys)
    guard let requirement, let headers = stream.requestHeaders else { return }
    if judge(headers, requirement) == .continueIteration { stream.continueDecoding() }
  }

  private func finish(_ status: JwtStatus, _ verification: JwtVerification, _ headers: HeaderMap) -> FilterStatus {
    shard.add(info.stats[.jwtCacheHit], UInt64(verification.cacheHits))
    shard.add(info.stats[.jwtCacheMiss], UInt64(verification.cacheMisses))
    for known in verification.verified { config.remember(known.provider, known.text, known.token) }
    guard status == .ok else {
      for case .metadata(let key, let value) in verification.effects { setMetadata(key, value) }
      return refuse(status, headers)
    }
    shard.increment(info.stats[.allowed])
    if let wrong = apply(verification.effects, headers) { return refuseHeader(wrong) }
    return .continueIteration
  }

  // MARK: Effects

  /// Does what the verdict asks for; returns a header's name whose value no header can have.
  private func apply(_ effects: [JwtEffect], _ headers: HeaderMap) -> String? {
    var choosesRoute = false
    for effect in effects {
      switch effect {
      case .addHeader(let name, let value):
        guard value.allSatisfy({ $0 == 9 || $0 >= 0x20 && $0 != 0x7f }) else { return name }
        withBytes(name) { name in value.withUnsafeBytes { headers.add(named: name, ByteView($0)) } }
      case .removeHeader(let name): withBytes(name) { _ = headers.remove(named: $0) }
      case .removeParameter(let name): remove(name, headers)
      case .metadata(let key, let value): setMetadata(key, value)
      case .clearRouteCache: choosesRoute = true
      }
    }
    if choosesRoute { stream.clearRouteCache() }
    return nil
  }

  private func remove(_ parameter: String, _ headers: HeaderMap) {
    guard let path = headers.value(of: .path) else { return }
    let shorter = QueryParameters.path(path, without: parameter)
    shorter.withUnsafeBytes { headers.set(.path, ByteView($0)) }
  }

  private func setMetadata(_ key: String, _ value: StructValue) {
    stream.info.dynamicMetadata.orMade.set("envoy.filters.http.jwt_authn", key, value)
  }

  // MARK: Refusals

  private func refuse(_ status: JwtStatus, _ headers: HeaderMap) -> FilterStatus {
    shard.increment(info.stats[.denied])
    stream.noteUpstreamCluster(headers)
    var reply = LocalReply(
      status: status == .audienceNotAllowed ? 403 : 401, detail: .text(Self.detail("\(status.text)")))
    if !info.stripFailureResponse {
      reply.body = ByteView(status.text)
      let challenge = challenge(status, headers)
      reply.addHeaders = { head in
        challenge.withUnsafeBytes { head.set(.wwwAuthenticate, ByteView($0)) }
      }
    }
    stream.sendLocalReply(reply)
    return .stopIteration
  }

  private func refuse(_ problem: String, _ headers: HeaderMap) -> FilterStatus {
    shard.increment(info.stats[.denied])
    stream.noteUpstreamCluster(headers)
    withBytes(info.stripFailureResponse ? "" : "Failed JWT authentication: " + problem) { body in
      stream.sendLocalReply(LocalReply(status: 403, body: body, detail: .text(Self.detail(problem))))
    }
    return .stopIteration
  }

  /// As Envoy, whose router finds out that a claim can stand in no header.
  private func refuseHeader(_ name: String) -> FilterStatus {
    withBytes("invalid header value for: \(name)") { body in
      stream.sendLocalReply(
        LocalReply(
          status: 503, body: body,
          detail: .text("filter_removed_required_request_headers{invalid_header_value_for:_\(name)}"),
          flag: .downstreamProtocolError))
    }
    return .stopIteration
  }

  /// Log readers split at blanks.
  private static func detail(_ problem: String) -> String {
    let text = String(decoding: problem.utf8.map { $0 == UInt8(ascii: " ") ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
    return "jwt_authn_access_denied{\(text)}"
  }

  /// `Bearer realm="http://host/path"`, the path cut after 256 bytes.
  private func challenge(_ status: JwtStatus, _ headers: HeaderMap) -> [UInt8] {
    var text = Array("Bearer realm=\"".utf8)
    text += (headers.value(of: .xForwardedProto) ?? .empty).buffer
    text += "://".utf8
    text += (headers.value(of: .authority) ?? .empty).buffer
    text += (headers.value(of: .xEnvoyOriginalPath) ?? headers.value(of: .path) ?? .empty).prefix(256).buffer
    text.append(UInt8(ascii: "\""))
    if status != .missing { text += ", error=\"invalid_token\"".utf8 }
    return text
  }
}
