import Reactor

extension SubstitutionOperator {
  /// Appends the value, cut to `maxLength` bytes; returns false, and appends nothing, when it is absent.
  func append(
    _ values: some SubstitutionValues, _ maxLength: Int?, _ arena: SubstitutionArena, to output: inout TextBuffer
  ) -> Bool {
    let start = output.count
    guard appendWhole(values, arena, to: &output) else {
      output.truncate(to: start)
      return false
    }
    if let maxLength, output.count - start > maxLength { output.truncate(to: start + maxLength) }
    return true
  }

  private func appendWhole(
    _ values: some SubstitutionValues, _ arena: SubstitutionArena, to output: inout TextBuffer
  ) -> Bool {
    switch self {
    case .text(let text): return Self.append(text, values, to: &output)
    case .header(let source, let header, let fallback):
      guard let view = values.header(header, in: source) ?? fallback.flatMap({ values.header($0, in: source) })
      else { return false }
      output.append(view)
      return true
    case .time(let time, let format):
      if let format {
        arena.timeFormats[format].append(values.wallTime(time), to: &output)
      } else {
        TimeFormat.appendDefault(values.wallTime(time), to: &output)
      }
      return true
    case .tls(let tls, let side): return values.append(tls, of: side, to: &output)
    case .certificateTime(let which, let side, let format):
      guard let time = values.certificateTime(which, of: side) else { return false }
      if let format {
        arena.timeFormats[format].append(time, to: &output)
      } else {
        TimeFormat.appendDefault(time, to: &output)
      }
      return true
    case .responseCodeDetails(let allowWhitespace):
      let start = output.count
      guard values.append(.responseCodeDetails, to: &output) else { return false }
      if !allowWhitespace { output.replace(0x20, with: 0x5f, from: start) }
      return true
    case .dynamicMetadata(let index):
      return values.appendDynamicMetadata(arena.metadataPaths[index], isText: true, to: &output)
    case .filterState(let format): return format.append(values, isJSON: false, to: &output)
    case .path(let option):
      guard let path = option.path(values) else { return false }
      output.append(path)
      return true
    case .queryParameter(let name, let option): return Self.append(parameter: name, option, values, to: &output)
    case .query(let option):
      guard let query = option.query(values) else { return false }
      output.append(query)
      return true
    case .grpcStatus(let format): return format.append(values, to: &output)
    case .requestedServerName(let option): return option.append(values, to: &output)
    case .constant(let bytes):
      output.append(bytes.view)
      return true
    case .number, .duration:
      guard let number = number(values) else { return false }
      output.append(decimal: number)
      return true
    case .absent: return false
    }
  }

  /// The value as a number, where it is one: JSON keeps numbers.
  func number(_ values: some SubstitutionValues) -> UInt64? {
    switch self {
    case .number(let number): return values.number(number)
    case .duration(let from, let to, let unit):
      guard let from = values.timePoint(from), let to = values.timePoint(to), to >= from else { return nil }
      return UInt64((to - from) / unit)
    case .grpcStatus(let format) where format.style == .number: return format.status(values)
    default: return nil
    }
  }

  var isNumber: Bool {
    switch self {
    case .number, .duration: true
    case .grpcStatus(let format): format.style == .number
    default: false
    }
  }

  private static func append(
    _ text: SubstitutionText, _ values: some SubstitutionValues, to output: inout TextBuffer
  ) -> Bool {
    let start = output.count
    let present = values.append(text, to: &output)
    switch text {
    case .responseFlags, .responseFlagsLong:
      // No flag is "-" even where absent values are omitted.
      if !present { output.append("-") }
      return true
    case .upstreamTransportFailureReason, .downstreamTransportFailureReason:
      output.replace(0x20, with: 0x5f, from: start)
      return present
    default: return present
    }
  }

  private static func append(
    parameter name: SubstitutionBytes, _ option: PathOption, _ values: some SubstitutionValues,
    to output: inout TextBuffer
  ) -> Bool {
    guard var rest = option.query(values) else { return false }
    while !rest.isEmpty {
      let end = rest.firstIndex(of: 0x26) ?? rest.count
      let pair = rest.prefix(end)
      let equals = pair.firstIndex(of: 0x3d) ?? pair.count
      if pair.prefix(equals) == name.view {
        appendDecoded(pair.dropFirst(equals + 1), to: &output)
        return true
      }
      rest = rest.dropFirst(end + 1)
    }
    return false
  }

  /// Percent escapes become the bytes they name; broken ones stay as they are.
  private static func appendDecoded(_ view: ByteView, to output: inout TextBuffer) {
    var index = 0
    while index < view.count {
      if view[index] == 0x25, index + 2 < view.count, let high = hexadecimal(view[index + 1]),
        let low = hexadecimal(view[index + 2])
      {
        output.append(byte: high << 4 | low)
        index += 3
      } else {
        output.append(byte: view[index])
        index += 1
      }
    }
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }
}

extension PathOption {
  /// The path that the option names, with or without its query.
  func path(_ values: some SubstitutionValues) -> ByteView? {
    let found =
      switch source {
      case .path: values.header(path, in: .request)
      case .original: values.header(originalPath, in: .request)
      case .originalOrPath: values.header(originalPath, in: .request) ?? values.header(path, in: .request)
      }
    guard let found, !withQuery, let mark = found.firstIndex(of: 0x3f) else { return found }
    return found.prefix(mark)
  }

  /// What follows the question mark; nil when there is none.
  func query(_ values: some SubstitutionValues) -> ByteView? {
    guard let path = path(values), let mark = path.firstIndex(of: 0x3f) else { return nil }
    return path.dropFirst(mark + 1)
  }
}

extension RequestedServerNameOption {
  func append(_ values: some SubstitutionValues, to output: inout TextBuffer) -> Bool {
    switch self {
    case .sniOnly: values.append(.requestedServerName, to: &output)
    case .sniFirst(let hosts):
      values.append(.requestedServerName, to: &output) || Self.append(hosts, values, to: &output)
    case .hostFirst(let hosts):
      Self.append(hosts, values, to: &output) || values.append(.requestedServerName, to: &output)
    }
  }

  private static func append(
    _ hosts: HostHeaders, _ values: some SubstitutionValues, to output: inout TextBuffer
  ) -> Bool {
    let found = values.header(hosts.first, in: .request) ?? hosts.second.flatMap { values.header($0, in: .request) }
    guard let found else { return false }
    output.append(found)
    return true
  }
}
