import Reactor

/// A compiled text format, for access logs, header values and local reply bodies.
package struct SubstitutionFormat: Sendable {
  enum Segment: Sendable {
    case literal(SubstitutionBytes)
    case value(SubstitutionOperator, maxLength: Int?)
  }

  /// Envoy's default access log line.
  package static let defaultAccessLog = """
    [%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% \
    %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" \
    "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"\n
    """

  let segments: [Segment]
  /// What the segments point to.
  let arena = SubstitutionArena()
  /// What stands for an absent value.
  private let absent: StaticString

  /// - Parameters:
  ///   - omitEmptyValues: an absent value leaves nothing instead of "-" (`omit_empty_values`; header values do so too).
  ///   - identify: gives each lower-case header name the number that `SubstitutionHeader` carries.
  package init(
    _ format: String, omitEmptyValues: Bool = false, identify: @escaping (String) -> UInt8 = { _ in 0 }
  ) throws(SubstitutionFormatError) {
    var parser = SubstitutionParser(format, arena: arena, identify: identify)
    segments = try parser.parse()
    absent = omitEmptyValues ? "" : "-"
  }

  /// Whether it holds no operator: then it always gives the same bytes.
  package var isConstant: Bool {
    segments.allSatisfy { if case .literal = $0 { true } else { false } }
  }

  package func append(_ values: some SubstitutionValues, to output: inout TextBuffer) {
    for segment in segments {
      switch segment {
      case .literal(let bytes): output.append(bytes.view)
      case .value(let value, let maxLength):
        if !value.append(values, maxLength, arena, to: &output) { output.append(absent) }
      }
    }
  }
}
