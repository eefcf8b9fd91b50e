/// Tokens of one provider that were verified, by their text; the one that was not used for longest goes first.
final class JwtCache {
  private struct Entry {
    var text: [UInt8]
    var token: JsonWebToken
    /// Neighbours by time of use.
    var newer: Int?
    var older: Int?
  }

  private let capacity: Int
  private let maxTokenBytes: Int
  private var entries: [Entry] = []
  private var places: [[UInt8]: Int] = [:]
  private var newest: Int?
  private var oldest: Int?

  init(capacity: Int, maxTokenBytes: Int) {
    self.capacity = capacity
    self.maxTokenBytes = maxTokenBytes
  }

  func look(up text: [UInt8]) -> JsonWebToken? {
    guard capacity > 0, let place = places[text] else { return nil }
    unlink(place)
    makeNewest(place)
    return entries[place].token
  }

  func insert(_ text: [UInt8], _ token: JsonWebToken) {
    guard capacity > 0, text.count <= maxTokenBytes, places[text] == nil else { return }
    let place: Int
    if entries.count < capacity {
      place = entries.count
      entries.append(Entry(text: text, token: token))
    } else {
      guard let oldest else { return }
      place = oldest
      unlink(place)
      places[entries[place].text] = nil
      entries[place] = Entry(text: text, token: token)
    }
    places[text] = place
    makeNewest(place)
  }

  private func unlink(_ place: Int) {
    let entry = entries[place]
    if let newer = entry.newer { entries[newer].older = entry.older } else { newest = entry.older }
    if let older = entry.older { entries[older].newer = entry.newer } else { oldest = entry.newer }
    entries[place].newer = nil
    entries[place].older = nil
  }

  private func makeNewest(_ place: Int) {
    entries[place].older = newest
    if let newest { entries[newest].newer = place } else { oldest = place }
    newest = place
  }
}
