import Reactor
import Security

extension CAFolder {
  /// Writes a new certificate and key for the workload, and says so.
  func issue(_ workload: Workload, _ authority: Authority, _ lock: borrowing Descriptor) throws(CAFileError) {
    let now = CATime.now
    let issued = try about(path) { () throws(AuthorityError) in try authority.issue(workload, now: now) }
    try replace(with: issued.files, lock)
    let end = issued.certificate.notAfter
    print("\(file(AuthorityFile.chain)): \(workload.identity)")
    print("  valid until \(CATime.text(end)) (\(CATime.distance(end, from: now)))")
    if end < now + workload.lifeSeconds { print("  no longer, since the authority's own certificate ends then") }
  }
}
