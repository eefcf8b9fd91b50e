import EnvoyConfig
import Logging
import Reactor
import Security
import Telemetry

/// All secrets, on the main loop: makes the TLS contexts of the snapshot's transport sockets, and makes them anew when a
/// file of secrets changes. A file that is broken, or whose secret no context can use, changes nothing: what was there
/// stays in use, and the log and the counters of `sds.NAME.` say so.
package final class SecretManager {
  private let factories: [TLSSocketFactory]
  private let watcher: FileWatcher
  private let store: StatsStore
  private let log: Logger
  private let wallNow: () -> Int64
  private var secrets: Secrets
  private var files: [SecretFile] = []

  /// - Parameter wallNow: nanoseconds since 1970.
  /// - Throws: the system cannot watch files.
  init(
    _ loop: EventLoop, _ factories: [TLSSocketFactory], staticSecrets: Secrets, store: StatsStore, log: Logger
  ) throws(SystemError) {
    self.factories = factories
    self.store = store
    self.log = log
    secrets = staticSecrets
    wallNow = { [unowned loop] in loop.wallNow }
    watcher = try FileWatcher(loop)
    let keys = factories.reduce(into: Set<SecretKey>()) { $0.formUnion($1.watchedSecrets) }
    // In Envoy's order: certificates come first.
    for key in keys.sorted(by: { $0.order < $1.order }) {
      if let source = key.source { files.append(SecretFile(key, source, store: store)) }
    }
  }

  /// Reads all files for the first time, and watches them from now on.
  func start() {
    for file in files {
      file.lastUpdated = wallNow()
      load(file)
      watch(file)
    }
  }

  /// A secret from a file, as /config_dump shows it.
  package struct Status {
    package let name: String
    /// Nil while there is none.
    package let secret: Secret?
    /// Nanoseconds since 1970.
    package let lastUpdated: Int64
  }

  package var statuses: [Status] {
    files.map { Status(name: $0.key.name, secret: secrets[$0.key], lastUpdated: $0.lastUpdated) }
  }

  // MARK: Watching

  private func watch(_ file: SecretFile) {
    if let directory = file.source.watchedDirectory {
      _ = watch(directory) { [unowned self] in load(file) }
    } else {
      _ = watch(file.source.path, .movedTo) { [unowned self] in load(file) }
    }
  }

  private func watch(_ directory: WatchedDirectory, _ changed: @escaping () -> Void) -> FileWatcher.Token? {
    watch("\(directory.path)/", directory.watchModify ? [.movedTo, .modified] : .movedTo, changed)
  }

  private func watch(
    _ path: String, _ events: FileWatcher.Events, _ changed: @escaping () -> Void
  ) -> FileWatcher.Token? {
    do throws(SystemError) {
      return try watcher.watch(path, events, changed)
    } catch {
      log.warning("cannot watch \(path) for changes: \(error.reason)")
      return nil
    }
  }

  /// The files that a secret names are watched with it: by their directories, since that is where a Kubernetes volume
  /// changes.
  private func watchContents(of file: SecretFile, _ secret: Secret) {
    for token in file.contentWatches { watcher.unwatch(token) }
    let changed = { [unowned self] in reload(file) }
    if let directory = secret.watchedDirectory {
      file.contentWatches = [watch(directory, changed)].compactMap { $0 }
    } else {
      file.contentWatches = secret.directories.compactMap { watch($0, .movedTo, changed) }
    }
  }

  // MARK: Loading

  /// The file of the secret has changed, or is read for the first time.
  private func load(_ file: SecretFile) {
    count(file, .updateAttempt)
    let found: [Secret]
    do throws(ConfigErrors) {
      found = try loadSecrets(path: file.source.path)
    } catch {
      count(file, error.isAboutText ? .updateFailure : .updateRejected)
      return warn(file, error.description)
    }
    do throws(SecretProblem) {
      let secret = try file.choose(found)
      // As Envoy: the same text again is no news; files that it names are watched by themselves.
      if secret.definition != secrets[file.key]?.definition {
        try use(secret, of: file)
        watchContents(of: file, secret)
      }
      count(file, .updateSuccess)
      store.setGauge(file.stats[.updateTime], to: UInt64(clamping: wallNow() / 1_000_000))
      log.info("secret '\(file.key.name)' is up to date with \(file.source.path)")
    } catch {
      count(file, .updateRejected)
      warn(file, error.text)
    }
  }

  /// A file that the secret names may have changed.
  private func reload(_ file: SecretFile) {
    do throws(SecretProblem) {
      let found: [Secret]
      do throws(ConfigErrors) {
        found = try loadSecrets(path: file.source.path)
      } catch {
        throw SecretProblem(error.description)
      }
      let secret = try file.choose(found)
      if secret.contentDigest == secrets[file.key]?.contentDigest { return }
      try use(secret, of: file)
      log.info("secret '\(file.key.name)' has new files")
    } catch {
      count(file, .keyRotationFailed)
      warn(file, error.text)
    }
  }

  /// Makes all contexts that need the secret, and only then puts them to use.
  private func use(_ secret: Secret, of file: SecretFile) throws(SecretProblem) {
    var next = secrets
    next[file.key] = secret
    var made: [(TLSSocketFactory, TLSContext)] = []
    for factory in factories where factory.watchedSecrets.contains(file.key) {
      do throws(TLSConfigurationError) {
        if let context = try factory.makeContext(next) { made.append((factory, context)) }
      } catch {
        throw SecretProblem("\(secret.origin): \(error.description)")
      }
    }
    secrets = next
    file.lastUpdated = wallNow()
    for (factory, context) in made { factory.use(context, next) }
    for factory in factories where factory.watchedSecrets.contains(file.key) {
      store.add(factory.factoryStats[.sslContextUpdateBySds])
    }
  }

  private func count(_ file: SecretFile, _ stat: SecretStat) { store.add(file.stats[stat]) }

  private func warn(_ file: SecretFile, _ problem: String) {
    let kept = secrets[file.key] == nil ? "there is none to use" : "the one before stays in use"
    log.warning("secret '\(file.key.name)' config rejected, \(kept): \(problem)")
  }
}

/// What is wrong with a secret, in words.
struct SecretProblem: Error {
  let text: String

  init(_ text: String) { self.text = text }
}

/// A secret that comes from a file.
private final class SecretFile {
  let key: SecretKey
  let source: PathConfigSource
  let stats: StatBlock<SecretStat>
  var contentWatches: [FileWatcher.Token] = []
  /// Nanoseconds since 1970.
  var lastUpdated: Int64 = 0

  init(_ key: SecretKey, _ source: PathConfigSource, store: StatsStore) {
    self.key = key
    self.source = source
    stats = store.scope("sds.\(key.name).").block(SecretStat.self)
  }

  /// The one secret that the file must hold, of the name and kind that the configuration asks for.
  func choose(_ found: [Secret]) throws(SecretProblem) -> Secret {
    guard let secret = found.first else {
      throw SecretProblem("\(source.path): Missing SDS resources for \(key.name)")
    }
    if found.count > 1 {
      throw SecretProblem(
        "\(found[1].origin): Unexpected SDS secrets length for \(key.name), number of added resources \(found.count)")
    }
    if secret.name != key.name {
      throw SecretProblem("\(secret.origin): Unexpected SDS secret (expecting \(key.name)): \(secret.name)")
    }
    if SecretKey.Kind(secret) != key.kind {
      throw SecretProblem("\(secret.origin): '\(key.name)' is not of the kind that it is used for")
    }
    return secret
  }
}

extension ConfigErrors {
  /// Whether the text itself could not be read, and not what it says.
  fileprivate var isAboutText: Bool { errors.contains { $0.path.isEmpty } }
}

extension Secret {
  fileprivate var watchedDirectory: WatchedDirectory? {
    switch type {
    case .tlsCertificate(let certificate): certificate.watchedDirectory
    case .validationContext(let context): context.watchedDirectory
    case .sessionTicketKeys, .genericSecret, nil: nil
    }
  }

  /// Of the files that it names, each with a slash at its end.
  fileprivate var directories: [String] {
    let paths: [String] = specifiers.compactMap { if case .filename(let path) = $0 { path } else { nil } }
    let directories = paths.map { path in
      path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? "./"
    }
    return Set(directories).sorted()
  }

  private var specifiers: [DataSource.Specifier] {
    switch type {
    case .tlsCertificate(let certificate):
      let keys = [certificate.privateKey, certificate.pkcs12, certificate.password]
      return [certificate.certificateChain?.specifier].compactMap { $0 } + keys.compactMap { $0?.specifier }
    case .validationContext(let context): return [context.trustedCa, context.crl].compactMap { $0?.specifier }
    case .sessionTicketKeys(let keys): return keys.keys.map(\.specifier)
    case .genericSecret, nil: return []
    }
  }

  /// What the text says, by which it is known again; what the files that it names hold is no part of it.
  fileprivate var definition: String {
    let inline = specifiers.contains { if case .filename = $0 { false } else { true } } ? contentDigest : 0
    // The printed text leaves out where keys are.
    return "\(inline) \(specifiers.map(\.name)) \(node?.json ?? "")"
  }

  /// Tells whether the files of a secret say something else than before.
  fileprivate var contentDigest: Int {
    var hasher = Hasher()
    switch type {
    case .tlsCertificate(let certificate):
      hasher.combine(certificate.certificateChain?.bytes)
      for key in [certificate.privateKey, certificate.pkcs12, certificate.password] {
        key?.secret.withUnsafeBytes { hasher.combine(bytes: $0) }
      }
    case .validationContext(let context):
      hasher.combine(context.trustedCa?.bytes)
      hasher.combine(context.crl?.bytes)
    case .sessionTicketKeys(let keys):
      for key in keys.keys { key.secret.withUnsafeBytes { hasher.combine(bytes: $0) } }
    case .genericSecret, nil: break
    }
    return hasher.finalize()
  }
}
