/// Paths of fields to keep, as protobuf's FieldMask: `cluster.name,last_updated`. A repeated field can only be a path's
/// last step.
struct FieldMask {
  private let paths: [[Substring]]
  let description: String

  init(_ text: String) {
    description = text
    paths = text.split(separator: ",").map { $0.split(separator: ".", omittingEmptySubsequences: false) }
  }

  /// - Parameter fields: what the message may hold, whether it does or not.
  func isValid(for message: AdminJSON, fields: [String]) -> Bool {
    paths.allSatisfy { path in
      guard let first = path.first, fields.contains(String(first)) else { return false }
      var value: AdminJSON? = message
      for (index, step) in path.enumerated() {
        value = value?[String(step)]
        if index + 1 < path.count, value?.isArray == true { return false }
      }
      return true
    }
  }

  func apply(to message: AdminJSON) -> AdminJSON {
    Self.apply(paths.map { $0[...] }, to: message)
  }

  /// Keeps the members that a path begins with, and the type.
  private static func apply(_ paths: [ArraySlice<Substring>], to message: AdminJSON) -> AdminJSON {
    .object(
      message.members.compactMap { member in
        if member.name == "@type" { return member }
        let rests = paths.filter { $0.first.map { String($0) } == member.name }.map { $0.dropFirst() }
        if rests.isEmpty { return nil }
        return (member.name, rests.contains { $0.isEmpty } ? member.value : apply(rests, to: member.value))
      })
  }
}
