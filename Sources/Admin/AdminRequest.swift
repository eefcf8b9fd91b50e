/// A request to the admin interface, free of how it came.
package struct AdminRequest: Sendable {
  package let method: String
  /// Without the query.
  package let path: String
  private let parameters: [(name: String, value: String)]

  /// - Parameters:
  ///   - target: path and query as they stand in the request line.
  ///   - contentType: with `application/x-www-form-urlencoded`, the body holds more parameters.
  package init(method: String, target: String, contentType: String? = nil, body: [UInt8] = []) {
    self.method = method
    let mark = target.firstIndex(of: "?")
    path = String(target[..<(mark ?? target.endIndex)])
    var parameters = mark.map { Self.parameters(of: target[target.index(after: $0)...]) } ?? []
    if contentType == "application/x-www-form-urlencoded" {
      parameters += Self.parameters(of: Substring(String(decoding: body, as: UTF8.self)))
    }
    self.parameters = parameters
  }

  /// The first value of a parameter; nil when it is not given.
  package subscript(name: String) -> String? {
    parameters.first { $0.name == name }?.value
  }

  /// The first value of a parameter; nil when it is not given or empty.
  func nonEmpty(_ name: String) -> String? {
    self[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Each parameter once, with its first value, in the order of the query.
  var distinctParameters: [(name: String, value: String)] {
    var seen: Set<String> = []
    return parameters.filter { seen.insert($0.name).inserted }
  }

  private static func parameters(of query: Substring) -> [(name: String, value: String)] {
    query.split(separator: "&").map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (decoded(parts[0]), parts.count > 1 ? decoded(parts[1]) : "")
    }
  }

  /// Percent escapes become what they stand for; broken ones stay, and so does a plus sign, as in Envoy.
  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == 0x25, rest.count >= 2,
        let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
        rest.prefix(2).allSatisfy({ $0 != 0x2b && $0 != 0x2d })
      {
        bytes.append(code)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
