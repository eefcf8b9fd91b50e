import Security

/// One certificate in plain words.
struct CAReport {
  private let report: CertificateReport
  private let number: Int
  private let now: Int64

  init(_ report: CertificateReport, number: Int, now: Int64) {
    self.report = report
    self.number = number
    self.now = now
  }

  func print() {
    Swift.print("  \(number). \(headline)")
    line("subject", report.subject)
    line("SPIFFE ID", spiffeIDs)
    line("other URIs", report.uriNames.filter { !isSpiffe($0) }.joined(separator: ", "))
    line("DNS names", report.dnsNames.joined(separator: ", "))
    line("other names", report.otherNames.joined(separator: ", "))
    line("issued by", report.isSelfSigned ? "itself" : report.issuer)
    line("valid from", moment(report.notBefore))
    line("valid until", moment(report.notAfter))
    line("key", report.key)
    line("for", (report.usages + report.purposes).joined(separator: ", "))
    if report.isAuthority { line("may sign", maySign) }
    line("signature", report.signatureAlgorithm)
    line("serial", report.serialNumber)
    line("SHA-256", report.sha256)
  }

  private var headline: String {
    if report.isAuthority { return report.isSelfSigned ? "a root" : "an intermediate authority" }
    let name = report.uriNames.first ?? report.dnsNames.first ?? report.subject
    return name.isEmpty ? "a certificate of nobody" : "the certificate of \(name)"
  }

  private var maySign: String {
    switch report.pathLength {
    case nil: "workloads, and authorities below it"
    case 0: "workloads only"
    case let length?: "workloads, and authorities at most \(length) deep"
    }
  }

  private var spiffeIDs: String { report.uriNames.filter(isSpiffe).joined(separator: ", ") }

  private func isSpiffe(_ uri: String) -> Bool { uri.hasPrefix("spiffe://") }

  private func moment(_ time: Int64) -> String { "\(CATime.text(time)) (\(CATime.distance(time, from: now)))" }

  private func line(_ name: String, _ value: String) {
    if value.isEmpty { return }
    let gap = String(repeating: " ", count: max(13 - name.utf8.count, 1))
    Swift.print("     \(name)\(gap)\(value)")
  }
}
