import Reactor
import Security

extension CAFolder {
  /// Reads an authority. Its root's keys are optional.
  func authority() throws(CAFileError) -> Authority {
    let intermediateCertificate = file(AuthorityFile.intermediateCertificate)
    guard CAFile.exists(intermediateCertificate) else {
      throw CAFileError(
        path, "holds no certificate authority (\(intermediateCertificate)): `pillion ca init` makes one")
    }
    let roots = try CAFile.certificates(file(AuthorityFile.rootCertificates))
    let intermediates = try CAFile.certificates(intermediateCertificate)
    let rootKey = try optionalKey(AuthorityFile.rootKey)
    let nextRootKey = try optionalKey(AuthorityFile.nextRootKey)
    let key = try CAFile.key(file(AuthorityFile.intermediateKey))
    guard let intermediate = intermediates.first else { throw CAFileError(path, "holds no intermediate") }
    return try about(path) { () throws(AuthorityError) in
      try Authority(
        roots: roots, rootKey: rootKey, nextRootKey: nextRootKey, intermediate: intermediate, intermediateKey: key)
    }
  }

  private func optionalKey(_ name: String) throws(CAFileError) -> SigningKey? {
    CAFile.exists(file(name)) ? try CAFile.key(file(name)) : nil
  }

  /// Reads the authority, changes it, and writes it; two that do so at once come one after the other.
  func change(_ body: (inout Authority) throws(AuthorityError) -> Void) throws(CAFileError) -> Authority {
    guard CAFile.exists(path) else { throw CAFileError(path, "is not there: `pillion ca init` makes an authority") }
    let folder = try lock()
    var authority = try authority()
    let files = try about(path) { () throws(AuthorityError) in
      try body(&authority)
      return try authority.files()
    }
    try replace(with: files, folder)
    return authority
  }
}
