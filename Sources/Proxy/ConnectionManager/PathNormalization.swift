import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// `normalize_path`, `merge_slashes` and `path_with_escaped_slashes_action`: the path in one form, so that a route or a rule
/// about one spelling holds for all (RFC 3986 §6). The query is left as it is.
struct PathNormalization: Sendable {
  enum Outcome {
    case unchanged
    /// The new path stands in the output.
    case changed
    /// The same, and the client is to ask for it under that path.
    case redirect
    /// No path that may pass: 400. What stands in the output, if anything, is what the log calls it, as in Envoy.
    case refused
  }

  let normalizes: Bool
  let mergesSlashes: Bool
  let escapedSlashes: HttpConnectionManager.PathWithEscapedSlashesAction

  init(_ config: HttpConnectionManager) {
    normalizes = config.normalizePath
    mergesSlashes = config.mergeSlashes
    escapedSlashes = config.pathWithEscapedSlashesAction
  }

  var isOff: Bool { !normalizes && !mergesSlashes && escapedSlashes == .keepUnchanged }

  /// Writes the normal form of `path`, query included, behind what stands in `output`.
  func apply(_ path: ByteView, to output: inout TextBuffer) -> Outcome {
    let mark = path.firstIndex(of: UInt8(ascii: "?")) ?? path.count
    var bytes = Array(path.prefix(mark).buffer)
    var redirects = false
    if escapedSlashes != .keepUnchanged, let unescaped = Self.unescapeSlashes(bytes) {
      if escapedSlashes == .rejectRequest {
        unescaped.withUnsafeBytes { output.append(ByteView($0)) }
        output.append(path.dropFirst(mark))
        return .refused
      }
      redirects = escapedSlashes == .unescapeAndRedirect
      bytes = unescaped
    }
    if normalizes {
      guard let canonical = Self.canonical(Self.withoutDotParameters(bytes)) else { return .refused }
      bytes = canonical
    }
    if mergesSlashes { bytes = Self.merged(bytes) }
    if bytes.elementsEqual(path.prefix(mark).buffer) { return .unchanged }
    bytes.withUnsafeBytes { output.append(ByteView($0)) }
    output.append(path.dropFirst(mark))
    return redirects ? .redirect : .changed
  }

  /// %2F and %5C as the characters that they stand for; nil where there are none.
  private static func unescapeSlashes(_ path: [UInt8]) -> [UInt8]? {
    var result: [UInt8] = []
    var found = false
    var index = 0
    while index < path.count {
      if let byte = escape(path, at: index), byte == 0x2f || byte == 0x5c {
        result.append(byte)
        found = true
        index += 3
      } else {
        result.append(path[index])
        index += 1
      }
    }
    return found ? result : nil
  }

  /// Segments `.;…` and `..;…` without their parameters, which some upstreams leave out (as Envoy, which looks at the path
  /// as it was sent: not behind backslashes, and not where a dot is escaped).
  private static func withoutDotParameters(_ path: [UInt8]) -> [UInt8] {
    guard path.contains(0x3b) else { return path }
    let segments = path.split(separator: 0x2f, omittingEmptySubsequences: false).map { segment in
      let name = segment.prefix { $0 != 0x3b }
      return name.elementsEqual([0x2e]) || name.elementsEqual([0x2e, 0x2e]) ? name : segment
    }
    return Array(segments.joined(separator: [0x2f]))
  }

  /// Backslashes as slashes, escapes of unreserved characters undone, dot segments resolved; nil for an escaped NUL.
  private static func canonical(_ path: [UInt8]) -> [UInt8]? {
    var decoded: [UInt8] = []
    var index = 0
    while index < path.count {
      if let byte = escape(path, at: index) {
        if byte == 0 { return nil }
        if isUnreserved(byte) {
          decoded.append(byte)
        } else {
          decoded.append(contentsOf: path[index..<index + 3])
        }
        index += 3
      } else {
        decoded.append(path[index] == 0x5c ? 0x2f : path[index])
        index += 1
      }
    }
    return withoutDotSegments(decoded)
  }

  /// RFC 3986 §5.2.4.
  private static func withoutDotSegments(_ path: [UInt8]) -> [UInt8] {
    var kept: [ArraySlice<UInt8>] = []
    let segments = path.split(separator: 0x2f, omittingEmptySubsequences: false).dropFirst()
    for (place, segment) in segments.enumerated() {
      let isLast = place == segments.count - 1
      if segment.elementsEqual([0x2e]) {
        if isLast { kept.append([]) }
      } else if segment.elementsEqual([0x2e, 0x2e]) {
        _ = kept.popLast()
        if isLast { kept.append([]) }
      } else {
        kept.append(segment)
      }
    }
    return [0x2f] + kept.joined(separator: [0x2f])
  }

  private static func merged(_ path: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    for byte in path where byte != 0x2f || result.last != 0x2f { result.append(byte) }
    return result
  }

  private static func escape(_ path: [UInt8], at index: Int) -> UInt8? {
    guard path[index] == 0x25, index + 2 < path.count, let high = hexadecimal(path[index + 1]),
      let low = hexadecimal(path[index + 2])
    else { return nil }
    return high << 4 | low
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }

  /// RFC 3986 §2.3.
  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: true
    default: false
    }
  }
}
