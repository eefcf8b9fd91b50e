import EnvoyConfig
import Reactor
import Telemetry

/// Owns the bytes and lists of a compiled configuration, so that what points at them is plain values: copied without a
/// retain, which workers that share an object would pay for on every request (docs/RATIONALE.md).
///
/// `@unchecked` is sound: it is filled by the one thread that compiles, before anything is shared, and only freed after;
/// whatever holds a ``ConstantBytes`` or a ``ConstantList`` for longer than a call holds the arena too.
package final class RouteArena: @unchecked Sendable {
  private var blocks: [UnsafeMutableRawPointer] = []
  private var objects: [AnyObject] = []

  package init() {}

  deinit { for block in blocks { block.deallocate() } }

  package func bytes(_ bytes: [UInt8]) -> ConstantBytes {
    if bytes.isEmpty { return .empty }
    let block = UnsafeMutableRawPointer.allocate(byteCount: bytes.count, alignment: 1)
    blocks.append(block)
    block.copyMemory(from: bytes, byteCount: bytes.count)
    return ConstantBytes(view: ByteView(UnsafeRawBufferPointer(start: block, count: bytes.count)))
  }

  package func bytes(_ text: String) -> ConstantBytes { bytes(Array(text.utf8)) }

  func list<Element: BitwiseCopyable>(_ elements: [Element]) -> ConstantList<Element> {
    if elements.isEmpty { return ConstantList() }
    let stride = MemoryLayout<Element>.stride
    let block = UnsafeMutableRawPointer.allocate(
      byteCount: stride * elements.count, alignment: MemoryLayout<Element>.alignment)
    blocks.append(block)
    return ConstantList(
      start: block.initializeMemory(as: Element.self, from: elements, count: elements.count), elements)
  }

  func regex(_ regex: SafeRegex) -> ConstantRegex { ConstantRegex(regex: keep(regex)) }

  func regexRewrite(_ config: EnvoyConfig.RegexMatchAndSubstitute) -> ConstantRegexRewrite {
    ConstantRegexRewrite(rewrite: keep(RegexRewrite(config)))
  }

  func format(_ format: SubstitutionFormat) -> ConstantFormat { ConstantFormat(format: keep(FormatBox(format))) }

  private func keep<Object: AnyObject>(_ object: Object) -> Unmanaged<Object> {
    objects.append(object)
    return Unmanaged.passUnretained(object)
  }
}

/// Bytes that live as long as their ``RouteArena``.
///
/// `@unchecked` is sound: nothing writes to them any more.
package struct ConstantBytes: @unchecked Sendable, BitwiseCopyable {
  private let start: UnsafePointer<UInt8>
  package let count: Int
  package var isEmpty: Bool { count == 0 }

  fileprivate init(view: ByteView) {
    start = view.start
    count = view.count
  }

  package static var empty: ConstantBytes { ConstantBytes(view: .empty) }

  package var view: ByteView { ByteView(start: start, count: count) }
}

/// Values that live as long as their ``RouteArena``.
///
/// `@unchecked` is sound: nothing writes to them any more.
struct ConstantList<Element: BitwiseCopyable>: @unchecked Sendable, BitwiseCopyable {
  private let start: UnsafePointer<Element>?
  let count: Int

  init() {
    start = nil
    count = 0
  }

  fileprivate init(start: UnsafePointer<Element>, _ elements: [Element]) {
    self.start = start
    count = elements.count
  }

  var isEmpty: Bool { count == 0 }

  /// Yielded in place: elements can be large, and are read on the way of a request. An index comes from the list's own
  /// count or from an index that was compiled with it, never from a request.
  subscript(index: Int) -> Element {
    _read {
      guard let start, index >= 0, index < count else { preconditionFailure("index \(index) of \(count)") }
      yield start[index]
    }
  }
}

/// A regular expression that lives as long as its ``RouteArena``.
///
/// `@unchecked` is sound: SafeRegex is Sendable itself, and the arena keeps it.
struct ConstantRegex: @unchecked Sendable, BitwiseCopyable {
  fileprivate let regex: Unmanaged<SafeRegex>

  func fullMatch(_ text: ByteView) -> Bool { regex.takeUnretainedValue().fullMatch(text.buffer) }
}

/// A `RegexMatchAndSubstitute` that lives as long as its ``RouteArena``.
///
/// `@unchecked` is sound: what it points at is Sendable, and the arena keeps it.
struct ConstantRegexRewrite: @unchecked Sendable, BitwiseCopyable {
  fileprivate let rewrite: Unmanaged<RegexRewrite>

  /// Appends `text` with every match replaced.
  func append(_ text: ByteView, to output: inout TextBuffer) {
    let rewrite = rewrite.takeUnretainedValue()
    output.append(rewrite.pattern.replaceAll(text.buffer, with: rewrite.substitution))
  }
}

private final class RegexRewrite: Sendable {
  let pattern: SafeRegex
  let substitution: String

  init(_ config: EnvoyConfig.RegexMatchAndSubstitute) {
    pattern = config.pattern
    substitution = config.substitution
  }
}

/// A text with operators that lives as long as its ``RouteArena``.
///
/// `@unchecked` is sound: what it points at is Sendable, and the arena keeps it.
struct ConstantFormat: @unchecked Sendable, BitwiseCopyable {
  fileprivate let format: Unmanaged<FormatBox>

  func append(_ values: some SubstitutionValues, to output: inout TextBuffer) {
    format.takeUnretainedValue().format.append(values, to: &output)
  }
}

private final class FormatBox: Sendable {
  let format: SubstitutionFormat

  init(_ format: SubstitutionFormat) { self.format = format }
}
