import EnvoyConfig
import Glibc
import Reactor
import Security
import Telemetry
import Testing

@testable import Proxy

/// Secrets from files: what a change does, and what a broken one does not.
@Suite final class SecretManagerTests {
  private let loop: EventLoop
  private let store = StatsStore()
  private let authority: Authority
  private let directory: String
  private let factory: TLSSocketFactory
  private let manager: SecretManager

  init() throws {
    loop = try EventLoop()
    var template = Array("/tmp/pillion-secrets-XXXXXX".utf8CString)
    directory = mkdtemp(&template).map { String(cString: $0) } ?? "/nowhere"
    authority = try Authority(
      TrustDomain("cluster.local"), keyKind: .p256, rootLifeSeconds: 86_400, intermediateLifeSeconds: 86_400,
      now: loop.wallNow / 1_000_000_000)
    var sds = SdsSecretConfig()
    sds.name = "server"
    var source = PathConfigSource()
    source.path = "\(directory)/sds.json"
    sds.sdsConfig = source
    var context = DownstreamTlsContext()
    context.commonTlsContext.tlsCertificateSdsSecretConfigs = [sds]
    factory = TLSSocketFactory(
      .server(context, serverNames: []), index: 0, scope: store.scope("listener.l."), store: store)
    let log = try ProcessLog(path: "/dev/null", clock: .system)
    manager = try SecretManager(loop, [factory], staticSecrets: [:], store: store, log: log.logger("main"))
  }

  deinit {
    manager.close()
    loop.turn(waiting: false)
    for name in ["sds.json", "a.pem", "a.key", "b.pem", "b.key", "new"] { unlink("\(directory)/\(name)") }
    rmdir(directory)
  }

  private func write(_ name: String, _ bytes: UnsafeRawBufferPointer) {
    let file = open("\(directory)/new", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    #expect(Glibc.write(file, bytes.baseAddress, bytes.count) == bytes.count)
    close(file)
    rename("\(directory)/new", "\(directory)/\(name)")
  }

  private func write(_ name: String, _ text: String) { Array(text.utf8).withUnsafeBytes { write(name, $0) } }

  /// A certificate and its key as NAME.pem and NAME.key.
  private func issue(_ name: String, as files: String) throws {
    let identity = try SpiffeID(TrustDomain("cluster.local"), namespace: "n", serviceAccount: name)
    let workload = try Workload(identity, dnsNames: [name], keyKind: .p256, lifeSeconds: 3600)
    for file in try authority.issue(workload, now: loop.wallNow / 1_000_000_000).files {
      switch file.content {
      case .certificates(let bytes) where file.name == AuthorityFile.chain:
        bytes.withUnsafeBytes { write("\(files).pem", $0) }
      case .key(let key): key.withBytes { write("\(files).key", $0) }
      case .certificates: break
      }
    }
  }

  private func point(to files: String, key: String? = nil, name: String = "server") {
    let certificate = """
      {"certificate_chain": {"filename": "\(directory)/\(files).pem"},
       "private_key": {"filename": "\(directory)/\(key ?? files).key"}}
      """
    let type = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
    write(
      "sds.json", #"{"resources": [{"@type": "\#(type)", "name": "\#(name)", "tls_certificate": \#(certificate)}]}"#)
  }

  private var names: [String] {
    factory.context?.certificates.first?.subjectAltNames.filter { $0.kind == .dns }.map(\.value) ?? []
  }

  private func count(_ stat: SecretStat) -> UInt64 {
    store.counter(store.scope("sds.server.").block(SecretStat.self)[stat])
  }

  @Test func takesWhatIsThereAndWhatComes() throws {
    try issue("first", as: "a")
    point(to: "a")
    manager.start()
    #expect(names == ["first"])
    try issue("second", as: "b")
    point(to: "b")
    loop.turn(waiting: true)
    #expect(names == ["second"])
    #expect(count(.updateSuccess) == 2)
    #expect(store.counter(factory.factoryStats[.sslContextUpdateBySds]) == 2)
  }

  @Test func waitsForASecretThatIsNotThere() throws {
    manager.start()
    #expect(factory.context == nil)
    #expect(count(.updateAttempt) == 1)
    try issue("first", as: "a")
    point(to: "a")
    loop.turn(waiting: true)
    #expect(names == ["first"])
  }

  @Test func keepsTheOldOneWhereTheNewIsBroken() throws {
    try issue("first", as: "a")
    try issue("second", as: "b")
    point(to: "a")
    manager.start()
    point(to: "b", key: "a")
    loop.turn(waiting: true)
    point(to: "b", name: "other")
    loop.turn(waiting: true)
    #expect(names == ["first"])
    #expect(count(.updateRejected) == 2)
    write("sds.json", "nonsense {")
    loop.turn(waiting: true)
    #expect(names == ["first"])
    #expect(count(.updateFailure) == 1)
    point(to: "b")
    loop.turn(waiting: true)
    #expect(names == ["second"])
  }

  @Test func followsTheFilesThatASecretNames() throws {
    try issue("first", as: "a")
    point(to: "a")
    manager.start()
    // The key comes first: for a moment it is another certificate's.
    try issue("second", as: "b")
    rename("\(directory)/b.key", "\(directory)/a.key")
    loop.turn(waiting: true)
    #expect(names == ["first"])
    rename("\(directory)/b.pem", "\(directory)/a.pem")
    loop.turn(waiting: true)
    #expect(names == ["second"])
    #expect(count(.keyRotationFailed) == 1)
    #expect(count(.updateAttempt) == 1)
  }
}
