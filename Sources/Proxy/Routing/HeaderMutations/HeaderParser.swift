import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// The compiled `*_headers_to_remove` and `*_headers_to_add` of one level, for one direction (Envoy's HeaderParser).
struct HeaderParser: Sendable, BitwiseCopyable {
  private enum Value: BitwiseCopyable {
    case constant(ConstantBytes)
    case format(ConstantFormat)
  }

  private enum Condition: BitwiseCopyable {
    case always, ifAbsent, ifPresent
  }

  private struct Addition: BitwiseCopyable {
    var field: HeaderField
    var value: Value
    var condition: Condition
    var overwrites: Bool
    var keepEmptyValue: Bool
    /// Envoy keeps one line of this header: a further value goes behind a comma.
    var isInline: Bool
  }

  private let removals: ConstantList<HeaderField>
  private let additions: ConstantList<Addition>
  /// Only constants that are appended: nothing depends on what the headers were before.
  private let isPlain: Bool

  init(
    add: [EnvoyConfig.HeaderValueOption], remove: [String], inline: Set<String>, arena: RouteArena
  ) throws(RouteTableError) {
    removals = arena.list(remove.map { HeaderField($0, arena: arena) })
    var compiled: [Addition] = []
    for option in add { compiled.append(try Self.addition(option, inline, arena)) }
    additions = arena.list(compiled)
    isPlain = compiled.allSatisfy {
      if case .constant = $0.value { $0.condition == .always && !$0.overwrites } else { false }
    }
  }

  private static func addition(
    _ option: EnvoyConfig.HeaderValueOption, _ inline: Set<String>, _ arena: RouteArena
  ) throws(RouteTableError) -> Addition {
    let field = HeaderField(option.key, arena: arena)
    let (condition, overwrites): (Condition, Bool) =
      switch option.appendAction {
      case .appendIfExistsOrAdd: (.always, false)
      case .addIfAbsent: (.ifAbsent, false)
      case .overwriteIfExistsOrAdd: (.always, true)
      case .overwriteIfExists: (.ifPresent, true)
      }
    return Addition(
      field: field, value: try value(option, arena), condition: condition, overwrites: overwrites,
      keepEmptyValue: option.keepEmptyValue, isInline: inline.contains(field.text.view.string))
  }

  private static func value(
    _ option: EnvoyConfig.HeaderValueOption, _ arena: RouteArena
  ) throws(RouteTableError) -> Value {
    let format: SubstitutionFormat
    do {
      format = try SubstitutionFormat(
        option.value, omitEmptyValues: true,
        identify: HeaderName.identify)
    } catch {
      throw RouteTableError(origin: option.origin, message: error.message)
    }
    if !format.isConstant { return .format(arena.format(format)) }
    var text = TextBuffer()
    format.append(NoValues(), to: &text)
    return .constant(arena.bytes(Array(text.view.buffer)))
  }

  var isEmpty: Bool { removals.isEmpty && additions.isEmpty }

  /// Changes the headers as Envoy does: removals first; then every value is made from what the headers are now; then those
  /// that overwrite are set, and after them the others are added. `scratch` is left empty.
  func evaluate(_ headers: HeaderMap, _ values: some SubstitutionValues, scratch: inout TextBuffer) {
    for index in 0..<removals.count { removals[index].remove(from: headers) }
    if additions.isEmpty { return }
    if isPlain { return addConstants(headers, scratch: &scratch) }
    scratch.removeAll()
    for index in (0..<additions.count).reversed() { record(additions[index], headers, values, &scratch) }
    let end = scratch.count
    apply(overwriting: true, headers, &scratch)
    scratch.truncate(to: end)
    apply(overwriting: false, headers, &scratch)
    scratch.removeAll()
  }

  private func addConstants(_ headers: HeaderMap, scratch: inout TextBuffer) {
    for index in 0..<additions.count {
      let addition = additions[index]
      guard case .constant(let value) = addition.value, value.count > 0 || addition.keepEmptyValue else { continue }
      add(addition, .constant(value), to: headers, &scratch)
    }
  }

  // While the values wait to be set they stand in the scratch bytes, so that a request needs no list for them: each
  // value (nothing for a constant), its length in four bytes, and whether it counts; the last addition first, so that
  // reading from the end gives them in order.

  private func record(
    _ addition: Addition, _ headers: HeaderMap, _ values: some SubstitutionValues, _ scratch: inout TextBuffer
  ) {
    let start = scratch.count
    var isEmpty = false
    switch addition.value {
    case .constant(let bytes): isEmpty = bytes.count == 0
    case .format(let format):
      format.append(values, to: &scratch)
      isEmpty = scratch.count == start
    }
    let length = UInt32(scratch.count - start)
    for shift: UInt32 in [0, 8, 16, 24] { scratch.append(byte: UInt8(truncatingIfNeeded: length >> shift)) }
    let counts = (!isEmpty || addition.keepEmptyValue) && isWanted(addition, headers)
    scratch.append(byte: counts ? 1 : 0)
  }

  private func isWanted(_ addition: Addition, _ headers: HeaderMap) -> Bool {
    switch addition.condition {
    case .always: true
    case .ifAbsent: addition.field.nextIndex(in: headers, from: 0) == nil
    case .ifPresent: addition.field.nextIndex(in: headers, from: 0) != nil
    }
  }

  private func apply(overwriting: Bool, _ headers: HeaderMap, _ scratch: inout TextBuffer) {
    var end = scratch.count
    for index in 0..<additions.count {
      let addition = additions[index]
      let counts = scratch.view[end - 1] != 0
      var length = 0
      for byte in 0..<4 { length |= Int(scratch.view[end - 5 + byte]) << (8 * byte) }
      let range = end - 5 - length..<end - 5
      end = range.lowerBound
      guard counts, overwriting == addition.overwrites else { continue }
      var value = Source.scratch(range)
      if case .constant(let bytes) = addition.value { value = .constant(bytes) }
      if overwriting {
        set(addition, value, of: headers, scratch)
      } else {
        add(addition, value, to: headers, &scratch)
      }
    }
  }

  private enum Source {
    case constant(ConstantBytes)
    case scratch(Range<Int>)

    func view(_ scratch: borrowing TextBuffer) -> ByteView {
      switch self {
      case .constant(let bytes): bytes.view
      case .scratch(let range): scratch.view[range]
      }
    }
  }

  /// In the place of the old value where Envoy keeps a single line, else at the end.
  private func set(_ addition: Addition, _ value: Source, of headers: HeaderMap, _ scratch: borrowing TextBuffer) {
    if addition.isInline, let index = addition.field.nextIndex(in: headers, from: 0) {
      headers.replace(at: index, value.view(scratch))
    } else {
      addition.field.remove(from: headers)
      addition.field.add(value.view(scratch), to: headers)
    }
  }

  private func add(_ addition: Addition, _ value: Source, to headers: HeaderMap, _ scratch: inout TextBuffer) {
    guard addition.isInline, let index = addition.field.nextIndex(in: headers, from: 0) else {
      return addition.field.add(value.view(scratch), to: headers)
    }
    let start = scratch.count
    scratch.append(headers.value(at: index))
    if scratch.count > start { scratch.append(byte: UInt8(ascii: ",")) }
    switch value {
    case .constant(let bytes): scratch.append(bytes.view)
    case .scratch(let range):
      // Byte by byte, since the buffer may move while it grows.
      for position in range { scratch.append(byte: scratch.view[position]) }
    }
    headers.replace(at: index, scratch.view.dropFirst(start))
    scratch.truncate(to: start)
  }
}

/// Where there is no request to tell of. A format without operators asks for nothing.
struct NoValues: SubstitutionValues {
  func append(_ text: SubstitutionText, to output: inout TextBuffer) -> Bool { false }
  func number(_ number: SubstitutionNumber) -> UInt64? { nil }
  func header(_ header: SubstitutionHeader, in source: SubstitutionHeaderSource) -> ByteView? { nil }
  func timePoint(_ point: SubstitutionTimePoint) -> Int64? { nil }
  func wallTime(_ time: SubstitutionTime) -> Int64 { 0 }
}
