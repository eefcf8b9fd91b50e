import HTTP
import Reactor

/// Where tokens stand, and which issuers' tokens may stand there.
struct JwtLocations: Sendable {
  struct Header: Sendable {
    /// In lower case.
    var name: String
    /// Empty: the whole value is the token.
    var prefix: String
    var issuers: Issuers
  }

  struct Named: Sendable {
    var name: String
    var issuers: Issuers
  }

  /// Issuers that named a place; one that is empty lets all in.
  struct Issuers: Sendable {
    var names: Set<String>

    func allows(_ issuer: String) -> Bool { names.contains("") || names.contains(issuer) }
  }

  /// A token that was found, and how it is taken out of the request.
  struct Token {
    enum Place {
      case header(String)
      case parameter(String)
      case cookie
    }

    var text: [UInt8]
    var place: Place
    var issuers: Issuers
  }

  /// By name and prefix, as Envoy goes through them; so with the others.
  private(set) var headers: [Header] = []
  private(set) var parameters: [Named] = []
  private(set) var cookies: [Named] = []

  init() {}

  /// A provider's places; where it names none, the Authorization header and the parameter `access_token`.
  init(
    headers: [(name: String, prefix: String)], parameters: [String], cookies: [String], issuer: String
  ) {
    let issuers = Issuers(names: [issuer])
    let isDefault = headers.isEmpty && parameters.isEmpty && cookies.isEmpty
    let headers = isDefault ? [(name: "authorization", prefix: "Bearer ")] : headers
    let parameters = isDefault ? ["access_token"] : parameters
    for header in headers { add(Header(name: header.name.lowercased(), prefix: header.prefix, issuers: issuers)) }
    for name in parameters { Self.add(Named(name: name, issuers: issuers), to: &self.parameters) }
    for name in cookies { Self.add(Named(name: name, issuers: issuers), to: &self.cookies) }
    sort()
  }

  /// The places of several providers together.
  init(joining all: [JwtLocations]) {
    for locations in all {
      for header in locations.headers { add(header) }
      for parameter in locations.parameters { Self.add(parameter, to: &parameters) }
      for cookie in locations.cookies { Self.add(cookie, to: &cookies) }
    }
    sort()
  }

  private mutating func add(_ header: Header) {
    if let index = headers.firstIndex(where: { $0.name == header.name && $0.prefix == header.prefix }) {
      headers[index].issuers.names.formUnion(header.issuers.names)
    } else {
      headers.append(header)
    }
  }

  private static func add(_ named: Named, to list: inout [Named]) {
    if let index = list.firstIndex(where: { $0.name == named.name }) {
      list[index].issuers.names.formUnion(named.issuers.names)
    } else {
      list.append(named)
    }
  }

  private mutating func sort() {
    headers.sort { $0.name + $0.prefix < $1.name + $1.prefix }
    parameters.sort { $0.name < $1.name }
    cookies.sort { $0.name < $1.name }
  }

  // MARK: - Finding

  /// The tokens of a request, but for places that were emptied already.
  func tokens(in request: HeaderMap, without removed: JwtRemovals) -> [Token] {
    var tokens: [Token] = []
    for header in headers where !removed.headers.contains(header.name) { find(header, request, &tokens) }
    let query = parameters.isEmpty ? ByteView.empty : QueryParameters.query(of: request)
    for parameter in parameters where !removed.parameters.contains(parameter.name) {
      guard let value = QueryParameters.firstValue(of: parameter.name, in: query) else { continue }
      tokens.append(Token(text: value, place: .parameter(parameter.name), issuers: parameter.issuers))
    }
    for cookie in cookies {
      guard let value = Self.cookie(cookie.name, request) else { continue }
      tokens.append(Token(text: value, place: .cookie, issuers: cookie.issuers))
    }
    return tokens
  }

  private func find(_ header: Header, _ request: HeaderMap, _ tokens: inout [Token]) {
    withBytes(header.name) { name in
      var next = request.nextIndex(named: name, from: 0)
      while let index = next {
        if let text = Self.token(in: request.value(at: index), after: header.prefix) {
          tokens.append(Token(text: text, place: .header(header.name), issuers: header.issuers))
        }
        next = request.nextIndex(named: name, from: index + 1)
      }
    }
  }

  /// What follows the prefix, wherever that stands, from the first character on that a token may have; nil without prefix.
  private static func token(in value: ByteView, after prefix: String) -> [UInt8]? {
    guard !prefix.isEmpty else { return Array(value.buffer) }
    return withBytes(prefix) { prefix in
      guard var start = value.firstIndex(of: prefix) else { return nil }
      start += prefix.count
      while start < value.count, !isTokenCharacter(value[start]) { start += 1 }
      return Array((start < value.count ? value.dropFirst(start) : value).buffer)
    }
  }

  private static func isTokenCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  /// The first cookie of the name, without quotes around its value.
  private static func cookie(_ name: String, _ request: HeaderMap) -> [UInt8]? {
    var next = request.nextIndex(of: .cookie, from: 0)
    while let index = next {
      for pair in request.value(at: index).buffer.split(separator: UInt8(ascii: ";")) {
        let pair = ByteView(UnsafeRawBufferPointer(rebasing: pair)).trimmed
        guard let equals = pair.firstIndex(of: UInt8(ascii: "=")),
          pair.prefix(equals).buffer.elementsEqual(name.utf8)
        else { continue }
        var value = pair.dropFirst(equals + 1).buffer[...]
        if value.count >= 2, value.first == UInt8(ascii: "\""), value.last == UInt8(ascii: "\"") {
          value = value.dropFirst().dropLast()
        }
        return Array(value)
      }
      next = request.nextIndex(of: .cookie, from: index + 1)
    }
    return nil
  }
}

/// Places that a verified token was taken from.
struct JwtRemovals {
  var headers: Set<String> = []
  var parameters: Set<String> = []
}

extension ByteView {
  /// Where `other` first stands in these bytes.
  fileprivate func firstIndex(of other: ByteView) -> Int? {
    guard other.count > 0, count >= other.count else { return nil }
    return (0...count - other.count).first { dropFirst($0).hasPrefix(other) }
  }
}
