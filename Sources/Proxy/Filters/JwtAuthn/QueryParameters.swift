import HTTP
import Reactor

/// Parameters of a request's path, after the question mark.
enum QueryParameters {
  static func query(of request: HeaderMap) -> ByteView {
    guard let path = request.value(of: .path), let mark = path.firstIndex(of: UInt8(ascii: "?")) else { return .empty }
    return path.dropFirst(mark + 1)
  }

  /// The first value of the name, both decoded.
  static func firstValue(of name: String, in query: ByteView) -> [UInt8]? {
    for pair in pairs(query) where isNamed(name, pair) { return decoded(value(of: pair)) }
    return nil
  }

  /// The path without the parameters of this name. As Envoy writes it: the others in the order of their names, each with
  /// an equals sign; but other than Envoy as they were encoded, since a decoded blank or ampersand would be another request.
  static func path(_ path: ByteView, without name: String) -> [UInt8] {
    guard let mark = path.firstIndex(of: UInt8(ascii: "?")) else { return Array(path.buffer) }
    var output = Array(path.prefix(mark).buffer)
    let kept = pairs(path.dropFirst(mark + 1)).filter { !isNamed(name, $0) }
    let sorted = kept.enumerated().sorted { left, right in
      let names = (Array(Self.name(of: left.element).buffer), Array(Self.name(of: right.element).buffer))
      if names.0 == names.1 { return left.offset < right.offset }
      return names.0.lexicographicallyPrecedes(names.1)
    }
    for (index, pair) in sorted.map(\.element).enumerated() {
      output.append(index == 0 ? UInt8(ascii: "?") : UInt8(ascii: "&"))
      output += Self.name(of: pair).buffer
      output.append(UInt8(ascii: "="))
      output += value(of: pair).buffer
    }
    return output
  }

  private static func pairs(_ query: ByteView) -> [ByteView] {
    if query.isEmpty { return [] }
    // As Envoy: nothing after the last ampersand is nothing, between two it is a parameter without a name.
    let query = query[query.count - 1] == UInt8(ascii: "&") ? query.prefix(query.count - 1) : query
    return query.buffer.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
      .map { ByteView(UnsafeRawBufferPointer(rebasing: $0)) }
  }

  private static func name(of pair: ByteView) -> ByteView {
    pair.firstIndex(of: UInt8(ascii: "=")).map { pair.prefix($0) } ?? pair
  }

  private static func value(of pair: ByteView) -> ByteView {
    pair.firstIndex(of: UInt8(ascii: "=")).map { pair.dropFirst($0 + 1) } ?? .empty
  }

  private static func isNamed(_ name: String, _ pair: ByteView) -> Bool {
    decoded(Self.name(of: pair)).elementsEqual(name.utf8)
  }

  /// `%41` as the byte that it stands for; what is no such triple stays.
  private static func decoded(_ text: ByteView) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      if text[index] == UInt8(ascii: "%"), index + 2 < text.count, let high = digit(text[index + 1]),
        let low = digit(text[index + 2])
      {
        output.append(high << 4 | low)
        index += 3
      } else {
        output.append(text[index])
        index += 1
      }
    }
    return output
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
