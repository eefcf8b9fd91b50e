import Glibc
import Reactor
import Security

/// A folder of certificates and keys, replaced as a whole.
///
/// As Kubernetes lays out a mounted secret: each version is a folder of its own, `..data` is a link to the present one, and
/// the files are links through it. So a reader sees a certificate together with its key, whenever it looks; and a watcher
/// is told of a change twice, by `..data` (Envoy's watched_directory) and by each file (its path), after all is in place.
///
///     web/..2026_11_21_05_40_00.7f3a/{cert-chain.pem, key.pem, root-cert.pem}
///     web/..data -> ..2026_11_21_05_40_00.7f3a
///     web/key.pem -> ..data/key.pem
struct CAFolder {
  let path: String

  init(_ path: String) { self.path = path }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Makes the folder where it is not there yet, and lets no other `pillion ca` change it until the result is let go.
  func lock() throws(CAFileError) -> Descriptor {
    try makeFolders()
    let number = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard number >= 0 else { throw CAFileError(path, "cannot be opened", SystemError("open")) }
    let folder = Descriptor(number)
    guard flock(folder.number, LOCK_EX) == 0 else { throw CAFileError(path, "cannot be locked", SystemError("flock")) }
    return folder
  }

  /// Puts these files in the place of those that were there. What goes wrong leaves the old ones as they were.
  /// - Parameter folder: what ``lock()`` gave.
  func replace(with files: [AuthorityFile], _ folder: borrowing Descriptor) throws(CAFileError) {
    let old = linkTarget(data)
    let version = versionName()
    do {
      try write(files, version)
      try link(version, data)
    } catch {
      remove(version)
      throw error
    }
    for file in files { try link("..data/\(file.name)", self.file(file.name)) }
    guard fsync(folder.number) == 0 else { throw CAFileError(path, "cannot be written", SystemError("fsync")) }
    guard let old, old != version, old.hasPrefix(".."), !old.contains("/") else { return }
    let kept = Set(files.map(\.name))
    for name in names(in: old) where !kept.contains(name) { unlink(file(name)) }
    remove(old)
  }

  private var data: String { file("..data") }

  private func write(_ files: [AuthorityFile], _ version: String) throws(CAFileError) {
    let target = file(version)
    guard mkdir(target, 0o700) == 0 else { throw CAFileError(target, "cannot be made", SystemError("mkdir")) }
    for file in files {
      let place = "\(target)/\(file.name)"
      do {
        switch file.content {
        case .certificates(let text): try text.withUnsafeBytes { try CAFile.create(place, $0) }
        case .key(let secret): try secret.withBytes { try CAFile.create(place, $0) }
        }
      } catch let error as CAFileError {
        throw error
      } catch {
        throw CAFileError(place, "cannot be written: \(error)")
      }
    }
    let made = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard made >= 0 else { throw CAFileError(target, "cannot be opened", SystemError("open")) }
    let folder = Descriptor(made)
    guard fsync(folder.number) == 0 else { throw CAFileError(target, "cannot be written", SystemError("fsync")) }
  }

  /// Makes a link, or points it elsewhere, in one step.
  private func link(_ target: String, _ place: String) throws(CAFileError) {
    let temporary = file("..link.\(getpid())")
    unlink(temporary)
    guard symlink(target, temporary) == 0 else { throw CAFileError(place, "cannot be made", SystemError("symlink")) }
    guard rename(temporary, place) == 0 else {
      let error = SystemError("rename")
      unlink(temporary)
      throw CAFileError(place, "cannot be replaced", error)
    }
  }

  private func linkTarget(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink(path, &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func remove(_ version: String) {
    for name in names(in: version) { unlink("\(file(version))/\(name)") }
    rmdir(file(version))
  }

  private func names(in version: String) -> [String] {
    guard let folder = opendir(file(version)) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// "..2026_11_21_05_40_00.7f3a": the time as Kubernetes writes it, and something by which two of a second differ.
  private func versionName() -> String {
    let now = Clock.system.wallNanoseconds
    let time = CivilTime(secondsSinceEpoch: now / 1_000_000_000)
    let text = String("\(time.date)_\(time.timeOfDay)".map { $0.isNumber ? $0 : "_" })
    return "..\(text).\(String(now % 1_000_000_000, radix: 16))"
  }

  private func makeFolders() throws(CAFileError) {
    var place = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      place += "\(part)/"
      if mkdir(place, 0o700) != 0 && errno != EEXIST {
        throw CAFileError(place, "cannot be made", SystemError("mkdir"))
      }
    }
  }
}
