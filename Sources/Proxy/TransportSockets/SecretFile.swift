import EnvoyConfig
import Reactor
import Telemetry

/// What is wrong with a secret, in words.
struct SecretProblem: Error {
  let text: String

  init(_ text: String) { self.text = text }
}

/// A secret that comes from a file.
final class SecretFile {
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
