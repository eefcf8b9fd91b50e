import Glibc

/// What lets Pillion make user namespaces on Ubuntu, in the form of Ubuntu's own profiles.
package enum AppArmorProfile {
  /// For the program that runs.
  package static var text: String {
    """
    abi <abi/4.0>,
    include <tunables/global>

    profile pillion \(programPath) flags=(unconfined) {
      userns,
      include if exists <local/pillion>
    }
    """
  }

  private static var programPath: String {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = readlink("/proc/self/exe", &path, path.count)
    return length > 0 ? String(decoding: path[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self) : "pillion"
  }
}
