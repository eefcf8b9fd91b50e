import Telemetry
import Testing

/// What the real Envoy 1.40.0 prints of `grpc_stats`.
@Suite struct FilterStateTests {
  private let key = "envoy.filters.http.grpc_stats"

  private func values(_ request: UInt64, _ response: UInt64) -> SampleValues {
    var counts = GrpcMessageCounts()
    counts.request = request
    counts.response = response
    var values = SampleValues()
    values.grpcMessageCounts = counts
    return values
  }

  private func text(_ format: String, _ values: SampleValues) throws -> String {
    var output = TextBuffer(capacity: 1)
    try SubstitutionFormat(format).append(values, to: &output)
    return output.view.string
  }

  private func json(_ format: String, _ values: SampleValues) throws -> String {
    var output = TextBuffer(capacity: 1)
    try SubstitutionJSONFormat(.object([("a", .string(format))])).append(values, to: &output)
    return output.view.string
  }

  @Test func inText() throws {
    #expect(try text("%FILTER_STATE(\(key):PLAIN)%", values(3, 1)) == "3,1")
    let both = #"{"requestMessageCount":"3","responseMessageCount":"1"}"#
    #expect(try text("%FILTER_STATE(\(key))%", values(3, 1)) == both)
    #expect(try text("%FILTER_STATE(\(key):TYPED)%", values(0, 1)) == #"{"responseMessageCount":"1"}"#)
    #expect(try text("%FILTER_STATE(\(key):FIELD:x)%|%FILTER_STATE(other)%", values(3, 1)) == "-|-")
    #expect(try text("%FILTER_STATE(\(key))%", SampleValues()) == "-")
  }

  @Test func inJSON() throws {
    let both = #"{"a":{"request_message_count":"3","response_message_count":"1"}}"#
    #expect(try json("%FILTER_STATE(\(key))%", values(3, 1)) == both + "\n")
    #expect(try json("%FILTER_STATE(\(key):PLAIN)%", values(3, 0)) == #"{"a":"3,0"}"# + "\n")
    #expect(try json("%FILTER_STATE(\(key))%", SampleValues()) == #"{"a":null}"# + "\n")
  }
}
