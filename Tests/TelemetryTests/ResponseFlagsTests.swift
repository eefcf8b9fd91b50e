import Testing

@testable import Telemetry

@Suite struct ResponseFlagsTests {
  static func print(_ flags: ResponseFlags, long: Bool = false) -> String? {
    var output = TextBuffer()
    guard flags.append(long: long, to: &output) else { return nil }
    return String(decoding: output.copy(from: 0), as: UTF8.self)
  }

  @Test func printInTheOrderInWhichTheyWereSet() {
    var flags = ResponseFlags()
    #expect(Self.print(flags) == nil)
    flags.insert(.upstreamRetryLimitExceeded)
    flags.insert(.upstreamConnectionFailure)
    flags.insert(.upstreamRetryLimitExceeded)
    #expect(Self.print(flags) == "URX,UF")
    #expect(Self.print(flags, long: true) == "UpstreamRetryLimitExceeded,UpstreamConnectionFailure")
    #expect(flags.contains(.upstreamConnectionFailure) && !flags.contains(.localReset))
  }

  @Test func holdEightAndNamesDiffer() {
    var flags = ResponseFlags()
    for flag in ResponseFlag.allCases { flags.insert(flag) }
    #expect(Self.print(flags) == "LH,UH,UT,LR,UR,UF,UC,UO")
    #expect(Set(ResponseFlag.allCases.map { "\($0.shortName)" }).count == ResponseFlag.allCases.count)
    #expect(Set(ResponseFlag.allCases.map { "\($0.longName)" }).count == ResponseFlag.allCases.count)
  }
}
