import HTTP
import Reactor

extension HeaderMap: ExpressibleByDictionaryLiteral {
  public convenience init(dictionaryLiteral fields: (String, String)...) {
    self.init()
    for (name, value) in fields { add(name, value) }
  }
}

extension HeaderMap {
  func add(_ name: String, _ value: String) {
    withBytes(name) { name in withBytes(value) { add(named: name, $0) } }
  }

  /// Every value of the name, in order.
  func all(_ name: String) -> [String] {
    withBytes(name) { name in
      var values: [String] = []
      var next = nextIndex(named: name, from: 0)
      while let index = next {
        values.append(value(at: index).string)
        next = nextIndex(named: name, from: index + 1)
      }
      return values
    }
  }
}

func withBytes<Result>(_ text: String, _ body: (ByteView) throws -> Result) rethrows -> Result {
  var text = text
  return try text.withUTF8 { try body(ByteView(UnsafeRawBufferPointer($0))) }
}

let millisecond: Int64 = 1_000_000
let second: Int64 = 1_000_000_000
