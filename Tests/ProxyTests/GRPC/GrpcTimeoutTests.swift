import EnvoyConfig
import HTTP
import Testing

@testable import Proxy

/// What the real Envoy 1.40.0 makes of the same.
@Suite struct GrpcTimeoutTests {
  @Test(arguments: [
    ("5S", 5000), ("250m", 250), ("1M", 60_000), ("1H", 3_600_000), ("3000000u", 3000), ("1u", 1), ("1n", 1),
    ("1500000n", 2), ("0S", 0), ("99999999m", 99_999_999), ("5 S", 5000), (" 5S", 5000), ("+5S", 5000),
    ("", nil), ("S", nil), ("5", nil), ("-1S", nil), ("123456789S", nil), ("5s", nil), ("5SS", nil), ("1.5S", nil),
  ])
  func readInMilliseconds(text: String, milliseconds: Int64?) {
    let headers: HeaderMap = ["grpc-timeout": text]
    #expect(GrpcTimeout.read(headers) == milliseconds)
  }

  @Test func whatIsTooLongIsTheLongest() {
    let headers: HeaderMap = ["grpc-timeout": "99999999H"]
    let milliseconds = GrpcTimeout.read(headers)
    #expect(milliseconds == 359_999_996_400_000)
    #expect(GrpcTimeout.nanoseconds(milliseconds: milliseconds ?? 0) == .max)
    GrpcTimeout.write(milliseconds: milliseconds ?? 0, to: headers)
    #expect(headers.all("grpc-timeout") == ["99999999H"])
  }

  @Test(
    arguments: [
      (0, "0m"), (1, "1m"), (99_999_999, "99999999m"), (100_000_000, "100000S"), (864_000_000, "864000S"),
      (720_000_000_000, "12000000M"), (Int64.max, "99999999H"), (-1, "0m"),
    ] as [(Int64, String)])
  func written(milliseconds: Int64, text: String) {
    let headers: HeaderMap = ["grpc-timeout": "old"]
    GrpcTimeout.write(milliseconds: milliseconds, to: headers)
    #expect(headers.all("grpc-timeout") == [text])
  }

  private func rules(_ change: (inout EnvoyConfig.RouteAction) -> Void) -> GrpcTimeoutRules {
    var route = EnvoyConfig.RouteAction()
    change(&route)
    return GrpcTimeoutRules(route)
  }

  private func global(_ text: String?, max: Duration, offset: Duration? = nil) -> Int64? {
    let headers: HeaderMap = text.map { ["grpc-timeout": $0] } ?? [:]
    let rules = rules {
      $0.maxGrpcTimeout = max
      $0.grpcTimeoutOffset = offset
    }
    return rules.global(headers)
  }

  @Test func theHeaderInPlaceOfTheRoutesTimeout() {
    #expect(rules { _ in }.global(["grpc-timeout": "5S"]) == nil)
    #expect(global("5S", max: .zero) == 5000)
    #expect(global("5S", max: .seconds(2)) == 2000)
    #expect(global(nil, max: .seconds(2)) == 2000)
    #expect(global(nil, max: .zero) == 0)
    #expect(global("0S", max: .seconds(2)) == 2000)
    #expect(global("5S", max: .zero, offset: .seconds(1)) == 4000)
    #expect(global("900m", max: .zero, offset: .seconds(1)) == 900)
  }

  private func duration(_ text: String, max: Duration, offset: Duration? = nil) -> Int64? {
    let rules = rules {
      var duration = EnvoyConfig.RouteAction.MaxStreamDuration()
      duration.grpcTimeoutHeaderMax = max
      duration.grpcTimeoutHeaderOffset = offset
      $0.maxStreamDuration = duration
    }
    return rules.duration(["grpc-timeout": text])
  }

  @Test func theHeaderInPlaceOfMaxStreamDuration() {
    #expect(rules { _ in }.duration(["grpc-timeout": "5S"]) == nil)
    #expect(duration("5S", max: .zero) == 5000)
    #expect(duration("5S", max: .seconds(2)) == 2000)
    #expect(duration("0S", max: .seconds(2)) == 0)
    #expect(duration("x", max: .seconds(2)) == nil)
    #expect(duration("5S", max: .seconds(4), offset: .seconds(1)) == 3000)
    #expect(duration("1S", max: .seconds(4), offset: .seconds(1)) == 0)
  }
}
