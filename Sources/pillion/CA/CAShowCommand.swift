import ArgumentParser
import Security

/// `pillion ca show`: what certificates say.
struct CAShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Say in plain words what certificate files hold, and what is wrong with them.",
    discussion: "Private keys are named, never printed. The exit code is 1 where something is wrong.")

  @Argument(help: "Files with certificates or keys (PEM).")
  var files: [String]

  @Option(help: "Also check that these roots vouch for each file (PEM).")
  var roots: String?

  func run() throws {
    try failing {
      let trusted = try roots.map { path in try CAFile.certificates(path) }
      var isFine = true
      for (index, path) in files.enumerated() {
        if index > 0 { print("") }
        let problems = try show(path, trusted)
        for problem in problems { print("  PROBLEM: \(problem)") }
        if !problems.isEmpty { isFine = false }
      }
      if !isFine { throw ExitCode(1) }
    }
  }

  /// Prints what is in a file, and returns what is wrong with it.
  private func show(_ path: String, _ trusted: [SignedCertificate]?) throws -> [String] {
    let bytes = try CAFile.read(path)
    let key = bytes.mentionsPrivateKey ? try? bytes.key() : nil
    let chain: [SignedCertificate]
    do {
      chain = try bytes.certificates()
    } catch {
      guard bytes.mentionsPrivateKey else { throw CAFileError(path, error.description) }
      let kind = key.map { ": \($0.description)" } ?? ", with a passphrase or unreadable"
      print("\(path): a private key\(kind) (not shown)")
      return []
    }
    print("\(path): \(chain.count) certificate\(chain.count == 1 ? "" : "s")")
    let now = CATime.now
    for (index, certificate) in chain.enumerated() {
      print("")
      CAReport(certificate.report, number: index + 1, now: now).print()
    }
    print("")
    var problems = chainProblems(chain, now: now)
    if bytes.mentionsPrivateKey { problems += showKey(key, chain) }
    if let trusted {
      if let problem = try verificationProblem(chain, roots: trusted, now: now) {
        problems.append("not trusted: \(problem)")
      } else {
        print("  trusted by the roots given")
      }
    }
    return problems
  }

  private func showKey(_ key: SigningKey?, _ chain: [SignedCertificate]) -> [String] {
    guard let key else {
      print("  a private key, with a passphrase or unreadable (not shown)")
      return []
    }
    print("  a private key: \(key.description) (not shown)")
    return chain.contains { key.belongs(to: $0) } ? [] : ["the private key belongs to none of the certificates"]
  }
}
