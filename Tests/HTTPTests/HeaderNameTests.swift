import Reactor
import Testing

@testable import HTTP

@Suite struct HeaderNameTests {
  @Test func everyNameIsFoundInAnyCase() {
    for name in HeaderName.allCases where name != .other {
      var upper = ByteView(name.text).string.uppercased()
      #expect(HeaderName(ByteView(name.text)) == name)
      upper.withUTF8 { #expect(HeaderName(ByteView(UnsafeRawBufferPointer($0))) == name) }
    }
  }

  @Test(arguments: ["", "x", "hos", "hosts", "x-forwarded-foo", "content_length", "content-lengti", "acccpt-encoding"])
  func othersAreOther(text: String) {
    var text = text
    text.withUTF8 { #expect(HeaderName(ByteView(UnsafeRawBufferPointer($0))) == .other) }
  }

  @Test func pseudoNamesBeginWithAColon() {
    for name in HeaderName.allCases {
      #expect(name.isPseudo == (ByteView(name.text).string.first == ":"))
    }
  }
}
