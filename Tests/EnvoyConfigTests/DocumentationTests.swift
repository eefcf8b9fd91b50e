import EnvoyConfig
import Testing

/// docs/configuration.md and the decoder list the same messages, fields, defaults and gaps.
@Suite struct DocumentationTests {
  private struct Section: Equatable {
    var fields: [String] = []
    var withoutEffect: [String] = []
    var unsupported: [String] = []
  }

  @Test func documentationAgreesWithTheDecoder() throws {
    let path = CaseFiles.folder + "../../docs/configuration.md"
    let documented = sections(of: String(decoding: try CaseFiles.read(path), as: UTF8.self))
    let known = MessageDescription.all
    #expect(Set(documented.keys) == Set(known.map(\.typeName)))
    for message in known {
      #expect(documented[message.typeName] == section(of: message), "\(message.typeName)")
    }
  }

  private func section(of message: MessageDescription) -> Section {
    func names(_ support: FieldDescription.Support) -> [String] {
      message.fields.filter { $0.support == support }.map(\.name).sorted()
    }
    let fields = message.fields.filter { $0.support == .supported }.map { "\($0.name) = \($0.defaultValue)" }
    return Section(
      fields: fields.sorted(), withoutEffect: names(.withoutEffect), unsupported: names(.unsupported))
  }

  /// The tables and lists of names under each `###` heading.
  private func sections(of text: String) -> [String: Section] {
    var sections: [String: Section] = [:]
    var name: String?
    var list: WritableKeyPath<Section, [String]>?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("## ") { name = nil }
      if line.hasPrefix("### ") { name = ticked(line).first }
      if line.isEmpty { list = nil }
      guard let name else { continue }
      if line.hasPrefix("Accepted, without effect:") { list = \.withoutEffect }
      if line.hasPrefix("Not supported yet:") { list = \.unsupported }
      if let list { sections[name, default: Section()][keyPath: list] += ticked(line) }
      if line.hasPrefix("| `") { sections[name, default: Section()].fields.append(row(line)) }
      sections[name, default: Section()].fields.sort()
    }
    return sections.mapValues { section in
      Section(
        fields: section.fields, withoutEffect: section.withoutEffect.sorted(),
        unsupported: section.unsupported.sorted())
    }
  }

  private func row(_ line: Substring) -> String {
    let cells = line.split(separator: "|", omittingEmptySubsequences: false).map { cell in
      cell.drop { $0 == " " || $0 == "`" }.reversed().drop { $0 == " " || $0 == "`" }.reversed()
    }
    return "\(String(cells[1])) = \(String(cells[2]))"
  }

  private func ticked(_ line: Substring) -> [String] {
    line.split(separator: "`", omittingEmptySubsequences: false).enumerated().compactMap { index, part in
      index % 2 == 1 ? String(part) : nil
    }
  }
}
