import HTTP
import Reactor
import Telemetry

/// A jwt_authn filter on one worker: the keys that were fetched, and the tokens that were verified.
final class WorkerJwtAuthn {
  private struct Fetched {
    var keys: JsonWebKeySet?
    /// By the loop's clock.
    var expiresAt: Int64 = 0
    /// Kept for the next time.
    var fetch: JwksFetch?
    var isFetching = false
    var waiting: [Waiting] = []
  }

  private struct Waiting {
    let filter: JwtAuthnFilter
    /// The fetch under way had begun before: should it fail, there is another one.
    let isLate: Bool
  }

  let info: JwtAuthnInfo
  private let worker: Worker
  private var fetched: [Fetched]
  private let caches: [JwtCache]

  init(_ info: JwtAuthnInfo, worker: Worker) {
    self.info = info
    self.worker = worker
    fetched = info.providers.map { _ in Fetched() }
    caches = info.providers.map { JwtCache(capacity: $0.cacheSize, maxTokenBytes: $0.cacheMaxTokenBytes) }
  }

  /// Fetches what is to be there beforehand.
  func start() {
    for (provider, remote) in info.remotes.enumerated() where remote?.refetchNanoseconds != nil { fetch(provider) }
  }

  /// A provider's keys; nil where they are to be fetched (again).
  func keys(_ provider: Int) -> JsonWebKeySet? {
    if let local = info.providers[provider].localKeys { return local }
    return worker.loop.now < fetched[provider].expiresAt ? fetched[provider].keys : nil
  }

  /// A token that was verified and has not expired since.
  func cached(_ provider: Int, _ text: [UInt8], now: UInt64) -> JsonWebToken? {
    guard let token = caches[provider].look(up: text) else { return nil }
    return token.isExpired(now: now, leeway: 60) ? nil : token
  }

  func remember(_ provider: Int, _ text: [UInt8], _ token: JsonWebToken) { caches[provider].insert(text, token) }

  // MARK: - Fetching

  /// The filter hears of the provider's keys as soon as they are there, or will not come. Requests share a fetch.
  func wait(for provider: Int, _ filter: JwtAuthnFilter) {
    fetched[provider].waiting.append(Waiting(filter: filter, isLate: fetched[provider].isFetching))
    if !fetched[provider].isFetching { fetch(provider) }
  }

  func cancel(_ provider: Int, _ filter: JwtAuthnFilter) {
    fetched[provider].waiting.removeAll { $0.filter === filter }
  }

  private func fetch(_ provider: Int) {
    guard let remote = info.remotes[provider] else { return }
    fetched[provider].isFetching = true
    let fetch =
      fetched[provider].fetch
      ?? JwksFetch(remote, localAddress: info.localAddress, worker: worker) { [unowned self] event in
        switch event {
        case .due: self.fetch(provider)
        case .ended(let keys): fetchEnded(provider, remote, keys)
        }
      }
    fetched[provider].fetch = fetch
    fetch.start()
  }

  private func fetchEnded(_ provider: Int, _ remote: JwtAuthnInfo.RemoteKeys, _ keys: JsonWebKeySet?) {
    fetched[provider].isFetching = false
    if let keys {
      worker.shard.increment(info.stats[.jwksFetchSuccess])
      fetched[provider].keys = keys
      fetched[provider].expiresAt = worker.loop.now + remote.cacheNanoseconds
    } else {
      worker.shard.increment(info.stats[.jwksFetchFailed])
    }
    if let refetch = remote.refetchNanoseconds {
      fetched[provider].fetch?.startAgain(after: keys == nil ? refetch : remote.renewalNanoseconds)
    }
    deliver(provider, keys)
  }

  private func deliver(_ provider: Int, _ keys: JsonWebKeySet?) {
    let waiting = fetched[provider].waiting
    let late = keys == nil ? waiting.filter(\.isLate) : []
    fetched[provider].waiting = late.map { Waiting(filter: $0.filter, isLate: false) }
    if !late.isEmpty { fetch(provider) }
    for next in waiting where keys != nil || !next.isLate { next.filter.keysArrived(provider, keys) }
  }
}
