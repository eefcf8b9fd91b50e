import Reactor

/// %FILTER_STATE(envoy.filters.http.grpc_stats)%: the one object that a filter of Pillion's keeps in the filter state.
package struct FilterStateFormat: Sendable {
  /// Two numbers and a comma, and not a JSON object.
  let isPlain: Bool

  static let grpcStats = "envoy.filters.http.grpc_stats"

  /// - Parameter isJSON: as a part of a JSON line, and not of a text: names are written in another way, as in Envoy.
  func append(_ values: some SubstitutionValues, isJSON: Bool, to output: inout TextBuffer) -> Bool {
    guard let counts = values.grpcMessageCounts else { return false }
    if isPlain {
      output.append(decimal: counts.request)
      output.append(",")
      output.append(decimal: counts.response)
      return true
    }
    output.append("{")
    if counts.request > 0 {
      Self.append(isJSON ? "request_message_count" : "requestMessageCount", counts.request, to: &output)
    }
    if counts.response > 0 {
      if counts.request > 0 { output.append(",") }
      Self.append(isJSON ? "response_message_count" : "responseMessageCount", counts.response, to: &output)
    }
    output.append("}")
    return true
  }

  /// As protobuf's JSON has 64-bit numbers: in quotes.
  private static func append(_ name: StaticString, _ count: UInt64, to output: inout TextBuffer) {
    output.append("\"")
    output.append(name)
    output.append("\":\"")
    output.append(decimal: count)
    output.append("\"")
  }
}

/// The messages of a gRPC call, as far as they have come.
package struct GrpcMessageCounts: Sendable {
  package var request: UInt64 = 0
  package var response: UInt64 = 0

  package init() {}
}
