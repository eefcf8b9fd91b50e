import ArgumentParser
import Security

/// `pillion ca init`: a new authority.
struct CAInitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Make an authority: a root, and an intermediate that signs.")

  @OptionGroup var authority: CAFolderOption

  @Option(help: "Whose identities it vouches for: spiffe://TRUST-DOMAIN/…")
  var trustDomain = "cluster.local"

  @Option(help: "How long the root is valid (units: s, m, h, d).")
  var rootLife = CALife(seconds: 3650 * CALife.day)

  @Option(help: "How long the intermediate is valid.")
  var life = CALife(seconds: 365 * CALife.day)

  @Option(help: "Kind of keys.")
  var key = CAKeyKind.p256

  func run() throws {
    let domain = try checkingUsage { () throws(AuthorityError) in try TrustDomain(trustDomain) }
    let folder = authority.folder
    try failing {
      let lock = try folder.lock()
      let names = [
        AuthorityFile.rootCertificates, AuthorityFile.rootKey, AuthorityFile.intermediateCertificate,
        AuthorityFile.intermediateKey, AuthorityFile.chain,
      ]
      if let taken = names.map({ folder.file($0) }).first(where: { CAFile.exists($0) }) {
        throw CAFileError(taken, "exists, and is not overwritten: take another folder (--ca)")
      }
      let files = try about(folder.path) { () throws(AuthorityError) in
        try Authority(
          domain, keyKind: key.kind, rootLifeSeconds: rootLife.seconds, intermediateLifeSeconds: life.seconds,
          now: CATime.now
        ).files()
      }
      try folder.replace(with: files, lock)
      print("an authority for \(domain.name) is in \(folder.path)")
      print("  \(AuthorityFile.rootCertificates)  what everybody trusts")
      print("  \(AuthorityFile.rootKey)   only rotations need it: it may be kept elsewhere")
      print(
        "  \(AuthorityFile.intermediateCertificate), \(AuthorityFile.intermediateKey)  what signs workloads' certificates"
      )
    }
  }
}
