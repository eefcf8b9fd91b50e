import EnvoyConfig
import Glibc
import Testing

/// Decodes a YAML text that must be right.
func bootstrap(yaml: String, checks: ConfigChecks = ConfigChecks()) throws -> Bootstrap {
  try loadBootstrap(text: Array(yaml.utf8), file: "t.yaml", isYAML: true, checks: checks).get()
}

/// The errors of a text, a line each; empty when it is right.
func errors(of text: String, isYAML: Bool = true, checks: ConfigChecks = ConfigChecks()) -> [String] {
  errors(of: Array(text.utf8), isYAML: isYAML, checks: checks)
}

func errors(of bytes: [UInt8], isYAML: Bool, checks: ConfigChecks = ConfigChecks()) -> [String] {
  switch loadBootstrap(text: bytes, file: isYAML ? "t.yaml" : "t.json", isYAML: isYAML, checks: checks) {
  case .success: []
  case .failure(let errors): errors.errors.map(\.description)
  }
}

/// The files beside the tests: configurations to read.
enum CaseFiles {
  static let folder = String(#filePath.dropLast("Support.swift".count))

  static func names(in subfolder: String) -> [String] {
    guard let directory = opendir(folder + subfolder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  static func read(_ path: String) throws -> [UInt8] {
    let file = try #require(fopen(path, "rb"), "cannot open \(path)")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { return bytes }
      bytes.append(contentsOf: chunk[..<count])
    }
  }
}
