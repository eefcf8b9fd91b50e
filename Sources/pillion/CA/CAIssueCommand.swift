import ArgumentParser
import Security

/// `pillion ca issue`: a workload's certificate.
struct CAIssueCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "issue", abstract: "Issue a workload's certificate and key.",
    discussion: """
      The folder gets cert-chain.pem, key.pem and root-cert.pem, as a sidecar of Istio's has them. The identity is \
      spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT.
      """)

  @OptionGroup var authority: CAFolderOption

  @Option(help: "The workload's namespace.")
  var namespace = "default"

  @Option(help: "The workload's service account.")
  var serviceAccount: String

  @Option(name: .customLong("dns"), help: "A DNS name of the workload (repeatable).")
  var dnsNames: [String] = []

  @Option(help: "How long it is valid (units: s, m, h, d).")
  var life = CALife(seconds: 24 * CALife.hour)

  @Option(help: "Kind of key.")
  var key = CAKeyKind.p256

  @Option(help: "Folder to write to (default: the service account's name).")
  var out: String?

  func run() throws {
    // The trust domain is the authority's, which is not read yet: only the names are checked as usage.
    _ = try checkingUsage { () throws(AuthorityError) in try workload(in: try TrustDomain("cluster.local")) }
    let folder = CAFolder(out ?? serviceAccount)
    try failing {
      let authority = try authority.folder.authority()
      let lock = try folder.lock()
      for name in [AuthorityFile.chain, AuthorityFile.workloadKey] where CAFile.exists(folder.file(name)) {
        throw CAFileError(folder.file(name), "exists, and is not overwritten: `pillion ca rotate` renews it")
      }
      let named = try about(folder.path) { () throws(AuthorityError) in try workload(in: authority.trustDomain) }
      try folder.issue(named, authority, lock)
    }
  }

  private func workload(in trustDomain: TrustDomain) throws(AuthorityError) -> Workload {
    let identity = try SpiffeID(trustDomain, namespace: namespace, serviceAccount: serviceAccount)
    return try Workload(identity, dnsNames: dnsNames, keyKind: key.kind, lifeSeconds: life.seconds)
  }
}
