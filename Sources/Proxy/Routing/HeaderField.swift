import HTTP
import Reactor

/// A header's name from the configuration, looked up once: a known one is found without looking at its text.
struct HeaderField: Sendable, BitwiseCopyable {
  let text: ConstantBytes
  private let rawName: UInt8

  init(_ text: String, arena: RouteArena) {
    let lowercased = text.utf8.map(asciiLowercased)
    // As in Envoy, the host is the authority, whatever the protocol.
    self.text = lowercased == Array("host".utf8) ? arena.bytes(":authority") : arena.bytes(lowercased)
    rawName = HeaderName(self.text.view).rawValue
  }

  /// Kept by its number, since the enum itself is not BitwiseCopyable outside its module.
  var name: HeaderName { HeaderName(rawValue: rawName) ?? .other }

  func nextIndex(in headers: HeaderMap, from index: Int) -> Int? {
    let name = name
    return name == .other ? headers.nextIndex(named: text.view, from: index) : headers.nextIndex(of: name, from: index)
  }

  func value(in headers: HeaderMap) -> ByteView? {
    nextIndex(in: headers, from: 0).map { headers.value(at: $0) }
  }

  func remove(from headers: HeaderMap) {
    let name = name
    if name == .other { headers.remove(named: text.view) } else { headers.remove(name) }
  }

  func add(_ value: ByteView, to headers: HeaderMap) {
    let name = name
    if name == .other { headers.add(named: text.view, value) } else { headers.add(name, value) }
  }
}
