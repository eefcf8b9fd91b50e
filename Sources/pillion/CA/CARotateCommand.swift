import ArgumentParser
import Security

/// `pillion ca rotate`: a workload's certificate anew.
struct CARotateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate", abstract: "Renew workloads' certificates in place: same identity, new key.",
    discussion: """
      Certificate, key and trusted roots change in one step, so that a proxy that watches them takes them together. What \
      goes wrong leaves the old ones.
      """)

  @OptionGroup var authority: CAFolderOption

  @Argument(help: "Folders that `pillion ca issue` made.")
  var folders: [String]

  @Option(help: "How long they are valid (default: as long as before).")
  var life: CALife?

  @Flag(help: "Only those that have lived more than half of their life.")
  var due = false

  func run() throws {
    try failing {
      let authority = try authority.folder.authority()
      for path in folders { try rotate(CAFolder(path), authority) }
    }
  }

  private func rotate(_ folder: CAFolder, _ authority: Authority) throws {
    let chainFile = folder.file(AuthorityFile.chain)
    let chain = try CAFile.certificates(chainFile)
    guard let certificate = chain.first, !due || isDue(certificate) else {
      return print("\(chainFile): not due yet")
    }
    var workload = try about(chainFile) { () throws(AuthorityError) in
      try Workload(renewing: chain, usualLifeSeconds: 24 * CALife.hour)
    }
    if let life { workload.lifeSeconds = life.seconds }
    try folder.issue(workload, authority, try folder.lock())
  }

  /// As Istio's agent, which renews at half of the life.
  private func isDue(_ certificate: SignedCertificate) -> Bool {
    CATime.now - certificate.notBefore > (certificate.notAfter - certificate.notBefore) / 2
  }
}

/// `pillion ca rotate-intermediate`: what signs, anew.
struct CARotateIntermediateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate-intermediate", abstract: "Renew the intermediate under the same root.",
    discussion: "Certificates that the old one signed stay good until they end, since they carry it along.")

  @OptionGroup var authority: CAFolderOption

  @Option(help: "How long the new intermediate is valid (units: s, m, h, d).")
  var life = CALife(seconds: 365 * CALife.day)

  func run() throws {
    try failing {
      let changed = try authority.folder.change { authority throws(AuthorityError) in
        try authority.rotateIntermediate(lifeSeconds: life.seconds, now: CATime.now)
      }
      print("\(authority.path): the new intermediate is valid until \(CATime.text(changed.intermediate.notAfter))")
    }
  }
}

/// `pillion ca rotate-root`: a new root, in three steps that no connection notices.
struct CARotateRootCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate-root", abstract: "Replace the root in three steps: begin, switch, finish.",
    discussion: """
      begin   a new root is made, and trusted beside the old one; the old one still signs
      switch  the new root signs a new intermediate; the old one is still trusted
      finish  the old root is no longer trusted

      After each step rotate every workload (`pillion ca rotate FOLDER…`), then take the next.
      """)

  enum Step: String, ExpressibleByArgument, CaseIterable {
    case begin
    case `switch`
    case finish
  }

  @OptionGroup var authority: CAFolderOption

  @Argument(help: "begin, switch or finish.")
  var step: Step

  @Option(help: "How long the new root is valid (units: s, m, h, d).")
  var rootLife = CALife(seconds: 3650 * CALife.day)

  @Option(help: "How long the new intermediate is valid.")
  var life = CALife(seconds: 365 * CALife.day)

  func run() throws {
    try failing {
      let changed = try authority.folder.change { authority throws(AuthorityError) in
        switch step {
        case .begin: try authority.beginRootRotation(lifeSeconds: rootLife.seconds, now: CATime.now)
        case .switch: try authority.switchRoot(intermediateLifeSeconds: life.seconds, now: CATime.now)
        case .finish: try authority.finishRootRotation()
        }
      }
      let count = changed.roots.count
      print("\(authority.path): \(count) root\(count == 1 ? " is" : "s are") trusted; \(next)")
    }
  }

  private var next: String {
    switch step {
    case .begin: "rotate every workload, then: pillion ca rotate-root switch"
    case .switch: "rotate every workload, then: pillion ca rotate-root finish"
    case .finish: "rotate every workload, and the old root is forgotten"
    }
  }
}
