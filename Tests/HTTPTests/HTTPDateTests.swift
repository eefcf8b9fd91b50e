import Reactor
import Testing

@testable import HTTP

@Suite struct HTTPDateTests {
  @Test(
    arguments: [
      (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
      (1_795_227_158, "Sat, 21 Nov 2026 02:12:38 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
    ] as [(Int64, String)])
  func writesTheFormOfRFC9110(seconds: Int64, text: String) {
    var date = HTTPDate()
    let written = date.view(wallNanoseconds: seconds * 1_000_000_000 + 999_999_999).string
    #expect(written == text)
  }

  @Test func isMadeAnewWithTheSecond() {
    var date = HTTPDate()
    let first = date.view(wallNanoseconds: 1_000_000_000).string
    let same = date.view(wallNanoseconds: 1_999_999_999).string
    let next = date.view(wallNanoseconds: 2_000_000_000).string
    #expect(first == same && first != next)
  }
}
