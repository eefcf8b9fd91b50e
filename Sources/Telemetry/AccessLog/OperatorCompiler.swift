import Glibc

/// Turns an operator as it is written into one that can be evaluated.
struct OperatorCompiler {
  let command: SubstitutionParser.Command
  let arena: SubstitutionArena
  let identify: (String) -> UInt8

  private var parameters: String { command.parameters ?? "" }

  func compile() throws(SubstitutionFormatError) -> SubstitutionOperator {
    if let plain = plainOperator() {
      guard parameters.isEmpty, command.length == nil else {
        throw refusal("\(command.name) does not take any parameters or length")
      }
      return plain
    }
    return try operatorWithParameters()
  }

  private func plainOperator() -> SubstitutionOperator? {
    if let text = OperatorNames.texts[command.name] { return .text(text) }
    if let number = OperatorNames.numbers[command.name] { return .number(number) }
    if let (from, to) = OperatorNames.durations[command.name] {
      return .duration(from: from, to: to, unitNanoseconds: 1_000_000)
    }
    if let (tls, side) = TLSOperatorNames.all[command.name] { return .tls(tls, side) }
    if OperatorNames.absent.contains(command.name) { return .absent }
    switch command.name {
    case "HOSTNAME": return .constant(arena.keep(Self.hostname()))
    case "GRPC_STATUS_NUMBER": return .grpcStatus(grpcFormat(.number))
    default: return nil
    }
  }

  private func operatorWithParameters() throws(SubstitutionFormatError) -> SubstitutionOperator {
    switch command.name {
    case "REQ": return try header(.request)
    case "RESP": return try header(.response)
    case "TRAILER": return try header(.responseTrailer)
    case "QUERY_PARAM": return try queryParameter()
    case "ENVIRONMENT": return .constant(arena.keep(Self.environment(try required())))
    case "PATH": return .path(try pathOption())
    case "QUERY_PARAMS": return try query()
    case "START_TIME": return .time(.start, format: arena.keep(try timeFormat()))
    case "EMIT_TIME": return .time(.emit, format: arena.keep(try timeFormat()))
    case "RESPONSE_CODE_DETAILS":
      try refuseLength()
      return .responseCodeDetails(allowWhitespace: parameters == "ALLOW_WHITESPACES")
    case "DYNAMIC_METADATA": return .dynamicMetadata(arena.keep(try metadataPath()))
    case "FILTER_STATE": return try filterState()
    case "COMMON_DURATION": return try commonDuration()
    case "GRPC_STATUS": return try grpcStatus()
    case "REQUESTED_SERVER_NAME": return try requestedServerName()
    case let name where TLSOperatorNames.times[name] != nil: return try certificateTime()
    case let name where OperatorNames.absentWithParameters.contains(name):
      _ = try required()
      return .absent
    case let name where OperatorNames.unsupported.contains(name):
      throw refusal("%\(name)% is an operator of Envoy's that Pillion does not support yet")
    default:
      throw refusal("Not supported field in StreamInfo: \(command.name)")
    }
  }

  // MARK: Headers and paths

  private func header(_ source: SubstitutionHeaderSource) throws(SubstitutionFormatError) -> SubstitutionOperator {
    let text = try required()
    let names = text.split(separator: "?", omittingEmptySubsequences: false)
    guard names.count <= 2 else { throw refusal("More than 1 alternative header specified in token: \(text)") }
    let valid = names.allSatisfy { name in
      name.utf8.enumerated().allSatisfy { index, byte in Self.isHeaderByte(byte) || byte == 0x3a && index == 0 }
    }
    guard valid else { throw refusal("Invalid header configuration. Format string contains invalid characters.") }
    let fallback = names.count == 2 && !names[1].isEmpty ? header(named: names[1]) : nil
    return .header(source, header(named: names[0]), fallback: fallback)
  }

  /// A token's bytes (RFC 9110 §5.6.2).
  private static func isHeaderByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x5e...0x7a, 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x7c, 0x7e: true
    default: false
    }
  }

  private func header(named name: some StringProtocol) -> SubstitutionHeader {
    let lower = name.lowercased()
    return SubstitutionHeader(name: arena.keep(Array(lower.utf8)), identifier: identify(lower))
  }

  private func pathOption() throws(SubstitutionFormatError) -> PathOption {
    let parts = parameters.split(separator: ":", omittingEmptySubsequences: false)
    let withQuery: Bool
    switch parts.first ?? "" {
    case "", "WQ": withQuery = true
    case "NQ": withQuery = false
    case let other: throw refusal("Invalid PATH option: '\(other)', only 'WQ'/'NQ' are allowed")
    }
    let source: PathOption.Source
    switch parts.dropFirst().first ?? "" {
    case "", "ORIG_OR_PATH": source = .originalOrPath
    case "ORIG": source = .original
    case "PATH": source = .path
    case let other:
      throw refusal("Invalid PATH option: '\(other)', only 'ORIG'/'PATH'/'ORIG_OR_PATH' are allowed")
    }
    return pathOption(source, withQuery: withQuery)
  }

  private func pathOption(_ source: PathOption.Source, withQuery: Bool) -> PathOption {
    PathOption(
      source: source, withQuery: withQuery, path: header(named: ":path"),
      originalPath: header(named: "x-envoy-original-path"))
  }

  private func queryParameter() throws(SubstitutionFormatError) -> SubstitutionOperator {
    .queryParameter(arena.keep(Array(try required().utf8)), pathOption(.path, withQuery: true))
  }

  private func query() throws(SubstitutionFormatError) -> SubstitutionOperator {
    guard ["", "ORIG", "DECODED"].contains(parameters) else {
      throw refusal("Invalid QUERY_PARAMS option: '\(parameters)', only 'ORIG'/'DECODED' are allowed")
    }
    return .query(pathOption(.path, withQuery: true))
  }

  private func requestedServerName() throws(SubstitutionFormatError) -> SubstitutionOperator {
    try refuseLength()
    let parts = parameters.split(separator: ":", omittingEmptySubsequences: false)
    let hosts = try hosts(parts.dropFirst().first ?? "")
    switch parts.first ?? "" {
    case "", "SNI_ONLY": return .requestedServerName(.sniOnly)
    case "SNI_FIRST": return .requestedServerName(.sniFirst(hosts))
    case "HOST_FIRST": return .requestedServerName(.hostFirst(hosts))
    case let other:
      throw refusal(
        "Invalid REQUESTED_SERVER_NAME option: '\(other)', only 'SNI_ONLY'/'SNI_FIRST'/'HOST_FIRST' are allowed")
    }
  }

  private func hosts(_ option: Substring) throws(SubstitutionFormatError) -> HostHeaders {
    let original = header(named: "x-envoy-original-host")
    let host = header(named: ":authority")
    switch option {
    case "", "ORIG_OR_HOST": return HostHeaders(first: original, second: host)
    case "HOST": return HostHeaders(first: host, second: nil)
    case "ORIG": return HostHeaders(first: original, second: nil)
    case let other:
      throw refusal(
        "Invalid REQUESTED_SERVER_NAME option: '\(other)', only 'ORIG_OR_HOST'/'HOST'/'ORIG' are allowed")
    }
  }

  private func metadataPath() throws(SubstitutionFormatError) -> MetadataPath {
    let parts = try required().split(separator: ":", omittingEmptySubsequences: false).map { String($0) }
    return MetadataPath(namespace: parts[0], keys: Array(parts.dropFirst()))
  }

  /// KEY, KEY:PLAIN, KEY:TYPED or KEY:FIELD:NAME.
  private func filterState() throws(SubstitutionFormatError) -> SubstitutionOperator {
    let parts = try required().split(separator: ":", omittingEmptySubsequences: false)
    let style = parts.count > 1 ? parts[1] : "TYPED"
    guard ["PLAIN", "TYPED", "FIELD"].contains(style) else {
      throw refusal("Invalid filter state serialize type, only support PLAIN/TYPED/FIELD.")
    }
    guard (parts.count > 2) == (style == "FIELD") else {
      throw refusal("Invalid filter state serialize type, FIELD should be used with the field name.")
    }
    if parts[0] != FilterStateFormat.grpcStats || style == "FIELD" { return .absent }
    return .filterState(FilterStateFormat(isPlain: style == "PLAIN"))
  }

  // MARK: Times and codes

  private func timeFormat() throws(SubstitutionFormatError) -> TimeFormat {
    try refuseLength()
    guard !["%n", "%En", "%On"].contains(where: { parameters.contains($0) }) else {
      throw refusal("Invalid header configuration. Format string contains newline.")
    }
    return TimeFormat(parameters)
  }

  private func commonDuration() throws(SubstitutionFormatError) -> SubstitutionOperator {
    let parts = try required().split(separator: ":", omittingEmptySubsequences: false)
    try refuseLength()
    guard parts.count == 2 || parts.count == 3 else {
      throw refusal("Invalid common duration configuration: \(parameters).")
    }
    let unit: Int64
    switch parts.count == 3 ? parts[2] : "ms" {
    case "ms": unit = 1_000_000
    case "us": unit = 1000
    case "ns": unit = 1
    case let other: throw refusal("Invalid common duration precision: \(other).")
    }
    guard let from = OperatorNames.timePoints[String(parts[0])], let to = OperatorNames.timePoints[String(parts[1])]
    else { return .absent }
    return .duration(from: from, to: to, unitNanoseconds: unit)
  }

  private func certificateTime() throws(SubstitutionFormatError) -> SubstitutionOperator {
    guard let (time, side) = TLSOperatorNames.times[command.name] else { return .absent }
    return .certificateTime(time, side, format: arena.keep(try timeFormat()))
  }

  private func grpcStatus() throws(SubstitutionFormatError) -> SubstitutionOperator {
    try refuseLength()
    switch parameters {
    case "", "CAMEL_STRING": return .grpcStatus(grpcFormat(.camel))
    case "SNAKE_STRING": return .grpcStatus(grpcFormat(.snake))
    case "NUMBER": return .grpcStatus(grpcFormat(.number))
    default:
      throw refusal("GrpcStatusFormatter only supports CAMEL_STRING, SNAKE_STRING or NUMBER. Got: \(parameters)")
    }
  }

  private func grpcFormat(_ style: GrpcStatusFormat.Style) -> GrpcStatusFormat {
    GrpcStatusFormat(style: style, contentType: header(named: "content-type"), grpcStatus: header(named: "grpc-status"))
  }

  // MARK: Constants and errors

  private static func hostname() -> [UInt8] {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return [0x2d] }
    return name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
  }

  /// An environment variable's value, "-" without one.
  private static func environment(_ name: String) -> [UInt8] {
    guard let value = getenv(name) else { return [0x2d] }
    return Array(String(cString: value).utf8)
  }

  private func required() throws(SubstitutionFormatError) -> String {
    guard !parameters.isEmpty else { throw refusal("\(command.name) requires parameters") }
    return parameters
  }

  private func refuseLength() throws(SubstitutionFormatError) {
    guard command.length == nil else { throw refusal("\(command.name) does not allow length to be specified.") }
  }

  private func refusal(_ message: String) -> SubstitutionFormatError {
    SubstitutionFormatError(message: message, position: command.position)
  }
}
