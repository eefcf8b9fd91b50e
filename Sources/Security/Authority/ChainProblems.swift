import COpenSSL

/// What is wrong with a file of certificates, in words; empty where nothing is.
///
/// The file is taken for a chain, each certificate signed by the next, unless all of it are roots.
package func chainProblems(_ chain: [SignedCertificate], now: Int64) -> [String] {
  let reports = chain.map(\.report)
  var problems: [String] = []
  for (index, report) in reports.enumerated() { problems += ownProblems(report, number: index + 1, now: now) }
  if reports.allSatisfy(\.isSelfSigned) { return problems }
  for index in chain.indices.dropLast() {
    problems += linkProblems(chain, reports, index)
  }
  return problems
}

/// What OpenSSL says of a chain where only `roots` are trusted, at `now`; nil where it is accepted.
///
/// As Envoy judges a peer's: with the strict rules of RFC 5280.
package func verificationProblem(
  _ chain: [SignedCertificate], roots: [SignedCertificate], now: Int64
) throws(AuthorityError) -> String? {
  guard let leaf = chain.first else { return "there is no certificate" }
  guard let store = X509_STORE_new(), let context = X509_STORE_CTX_new(), let others = pl_sk_X509_new() else {
    throw AuthorityError(openSSL: "out of memory")
  }
  defer {
    X509_STORE_CTX_free(context)
    pl_sk_X509_free(others)
    X509_STORE_free(store)
    ERR_clear_error()
  }
  for root in roots { X509_STORE_add_cert(store, root.handle) }
  for certificate in chain.dropFirst() { _ = pl_sk_X509_push(others, certificate.handle) }
  guard X509_STORE_CTX_init(context, store, leaf.handle, others) == 1 else {
    throw AuthorityError(openSSL: "out of memory")
  }
  X509_STORE_CTX_set_flags(context, UInt(X509_V_FLAG_X509_STRICT))
  X509_STORE_CTX_set_time(context, 0, time_t(now))
  if X509_verify_cert(context) == 1 { return nil }
  let depth = Int(X509_STORE_CTX_get_error_depth(context))
  let reason = String(cString: X509_verify_cert_error_string(Int(X509_STORE_CTX_get_error(context))))
  return "\(reason) (\(depth == 0 ? "the first certificate" : "\(depth) above the first"))"
}

private func ownProblems(_ report: CertificateReport, number: Int, now: Int64) -> [String] {
  var problems: [String] = []
  if report.notAfter < now { problems.append("certificate \(number) has expired") }
  if report.notBefore > now { problems.append("certificate \(number) is not valid yet") }
  if !report.isAuthority {
    if report.uriNames.isEmpty && report.dnsNames.isEmpty && report.otherNames.isEmpty {
      problems.append("certificate \(number) has no subject alternative name: nobody can tell whose it is")
    }
    if report.uriNames.filter({ $0.hasPrefix("spiffe://") }).count > 1 {
      problems.append("certificate \(number) bears several SPIFFE IDs: only one is allowed")
    }
    if report.isSelfSigned { problems.append("certificate \(number) is self-signed: no authority vouches for it") }
  }
  return problems
}

private func linkProblems(_ chain: [SignedCertificate], _ reports: [CertificateReport], _ index: Int) -> [String] {
  let lower = index + 1
  let upper = index + 2
  guard chain[index].isSigned(by: chain[index + 1]) else {
    let signer = chain.indices.first { chain[index].isSigned(by: chain[$0]) }
    let hint =
      signer.map { $0 == index ? "it is a root" : "certificate \($0 + 1) did: the order is wrong" }
      ?? "its issuer is \(reports[index].issuer)"
    return ["certificate \(lower) is not signed by certificate \(upper): \(hint)"]
  }
  var problems: [String] = []
  if !reports[index + 1].isAuthority {
    problems.append("certificate \(upper) is not an authority's, and yet signed certificate \(lower)")
  }
  let authoritiesBelow = reports[...index].count(where: { $0.isAuthority && !$0.isSelfSigned })
  if let allowed = reports[index + 1].pathLength, authoritiesBelow > allowed {
    problems.append("certificate \(upper) allows \(allowed) authorities below it, and there are \(authoritiesBelow)")
  }
  if reports[index].notAfter > reports[index + 1].notAfter {
    problems.append("certificate \(lower) is valid for longer than certificate \(upper), which signed it")
  }
  return problems
}
