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

  /// Looks at no file any more.
  func close() { watcher.close() }

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

extension ConfigErrors {
  /// Whether the text itself could not be read, and not what it says.
  fileprivate var isAboutText: Bool { errors.contains { $0.path.isEmpty } }
}
