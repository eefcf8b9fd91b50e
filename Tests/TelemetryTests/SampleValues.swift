import Reactor

@testable import Telemetry

/// A stream whose values a test sets.
struct SampleValues: SubstitutionValues {
  var texts: [SubstitutionText: String] = [:]
  var numbers: [SubstitutionNumber: UInt64] = [:]
  var requestHeaders: [String: [UInt8]] = [:]
  var responseHeaders: [String: [UInt8]] = [:]
  var trailers: [String: [UInt8]] = [:]
  var timePoints: [SubstitutionTimePoint: Int64] = [:]
  var grpcMessageCounts: GrpcMessageCounts?
  var wall: Int64 = 1_795_228_948_407_949_000

  func append(_ text: SubstitutionText, to output: inout TextBuffer) -> Bool {
    guard let value = texts[text] else { return false }
    output.append(value)
    return true
  }

  func number(_ number: SubstitutionNumber) -> UInt64? { numbers[number] }

  func header(_ header: SubstitutionHeader, in source: SubstitutionHeaderSource) -> ByteView? {
    let headers =
      switch source {
      case .request: requestHeaders
      case .response: responseHeaders
      case .responseTrailer: trailers
      }
    // The arrays live as long as the test's values, and a view of an empty one is never read.
    return headers[header.name.view.string]?.withUnsafeBytes { ByteView($0) }
  }

  func timePoint(_ point: SubstitutionTimePoint) -> Int64? { timePoints[point] }

  func wallTime(_ time: SubstitutionTime) -> Int64 { time == .start ? wall : wall + 2_000_000 }

  /// What a text format makes of the values.
  func text(_ format: String, omitEmptyValues: Bool = false) throws -> String {
    var output = TextBuffer()
    try SubstitutionFormat(format, omitEmptyValues: omitEmptyValues).append(self, to: &output)
    return String(decoding: output.copy(from: 0), as: UTF8.self)
  }

  /// What a JSON format makes of the values.
  func json(_ format: SubstitutionJSON, omitEmptyValues: Bool = false) throws -> String {
    var output = TextBuffer()
    try SubstitutionJSONFormat(format, omitEmptyValues: omitEmptyValues).append(self, to: &output)
    return String(decoding: output.copy(from: 0), as: UTF8.self)
  }
}
