/// Reads, decodes and checks a whole bootstrap configuration. All errors of a text that parses come in one go; a text that
/// does not parse, or a file that cannot be read, gives the one error that says why.
package func loadBootstrap(
  _ source: ConfigSource, checks: ConfigChecks = ConfigChecks()
) -> Result<Bootstrap, ConfigErrors> {
  decodeDocument(source, checks) { $0.decode(Bootstrap.self, at: 0) }
}

/// Parses a text that is in memory already, as the fuzzer and the tests do.
package func loadBootstrap(
  text: [UInt8], file: String, isYAML: Bool, checks: ConfigChecks = ConfigChecks()
) -> Result<Bootstrap, ConfigErrors> {
  switch parse(text, file: file, isYAML: isYAML) {
  case .failure(let error): .failure(ConfigErrors([error]))
  case .success(let builder): decode(builder, checks) { $0.decode(Bootstrap.self, at: 0) }
  }
}

/// Reads a text and decodes its root. `isRegularOnly` refuses pipes and devices.
func decodeDocument<Value>(
  _ source: ConfigSource, _ checks: ConfigChecks, isRegularOnly: Bool = false,
  _ decodeRoot: (DecodingContext) -> Value
) -> Result<Value, ConfigErrors> {
  switch parse(source, isRegularOnly: isRegularOnly) {
  case .failure(let error): .failure(ConfigErrors([error]))
  case .success(let builder): decode(builder, checks, decodeRoot)
  }
}

private func decode<Value>(
  _ builder: DocumentBuilder, _ checks: ConfigChecks, _ decodeRoot: (DecodingContext) -> Value
) -> Result<Value, ConfigErrors> {
  let context = DecodingContext(document: builder.finish(), checks: checks)
  for (key, first) in builder.duplicateKeys {
    let place = context.document.location(of: first)
    context.report(key, "is given twice, already at \(place)", allowed: "give it once")
  }
  let value = decodeRoot(context)
  return context.errors.isEmpty ? .success(value) : .failure(ConfigErrors(context.errors))
}

private func parse(_ source: ConfigSource, isRegularOnly: Bool) -> Result<DocumentBuilder, ConfigError> {
  switch source {
  case .inlineYAML(let text):
    return parse(Array(text.utf8), file: "<inline>", isYAML: true)
  case .file(let path):
    if let form = refusedForm(of: path) {
      return .failure(fileError(path, "\(form), Pillion does not support it yet", allowed: "JSON and YAML are allowed"))
    }
    switch FileText.read(path, limit: Document.maximumByteCount, isRegularOnly: isRegularOnly) {
    case .failure(let problem): return .failure(fileError(path, problem.problem, allowed: problem.allowed))
    case .success(let bytes): return parse(bytes, file: path, isYAML: hasSuffix(path, ".yaml", ".yml"))
    }
  }
}

private func parse(_ bytes: [UInt8], file: String, isYAML: Bool) -> Result<DocumentBuilder, ConfigError> {
  guard bytes.count <= Document.maximumByteCount else {
    return .failure(
      fileError(
        file, "is larger than \(Document.maximumByteCount) bytes",
        allowed: "at most \(Document.maximumByteCount) bytes are allowed"))
  }
  do throws(ConfigError) {
    return .success(
      try isYAML ? YAMLParser.parse(file: file, bytes: bytes) : JSONParser.parse(file: file, bytes: bytes))
  } catch {
    return .failure(error)
  }
}

/// Forms that Envoy tells by the file's name and that are not text to people.
private func refusedForm(of path: String) -> String? {
  if hasSuffix(path, ".pb", ".pb_length_delimited") { return "Envoy reads binary protobuf" }
  if hasSuffix(path, ".pb_text") { return "Envoy reads protobuf's text format" }
  return nil
}

private func hasSuffix(_ path: String, _ suffixes: String...) -> Bool {
  let path = path.lowercased()
  return suffixes.contains { path.hasSuffix($0) }
}

private func fileError(_ path: String, _ problem: String, allowed: String) -> ConfigError {
  ConfigError(
    location: SourceLocation(file: path, line: 0, column: 0), path: "", problem: problem, allowed: allowed)
}
