/// A query as it came (RFC 1035 §4): what is asked, and what the reply has to repeat.
package struct DNSQuestion: Sendable, Equatable {
  package enum RecordType { package static let a: UInt16 = 1, aaaa: UInt16 = 28, opt: UInt16 = 41 }

  package static let internet: UInt16 = 1
  private static let headerSize = 12

  package enum Failure: Error, Equatable {
    /// No reply can be made of it: too short, or a reply itself.
    case ignored
    /// It is answered with FORMERR.
    case malformed(id: UInt16)
    /// It is answered with NOTIMP.
    case notImplemented(id: UInt16)
  }

  package let id: UInt16
  package let recursionDesired: Bool
  /// In lower case, without a dot at its end; empty for the root.
  package let name: String
  package let type: UInt16
  package let recordClass: UInt16
  /// The question section as it came, its letters' case included.
  package let section: [UInt8]
  /// The whole query.
  package let message: [UInt8]
  /// Bytes that a reply over UDP may have (EDNS, RFC 6891 §6.2.3).
  package let udpLimit: Int

  package init(_ message: [UInt8]) throws(Failure) {
    guard message.count >= Self.headerSize else { throw .ignored }
    id = UInt16(message[0]) << 8 | UInt16(message[1])
    if message[2] & 0x80 != 0 { throw .ignored }
    if message[2] & 0x78 != 0 { throw .notImplemented(id: id) }
    recursionDesired = message[2] & 1 != 0
    guard message[4] == 0, message[5] == 1, let (name, end) = Self.readName(message), end + 4 <= message.count else {
      throw .malformed(id: id)
    }
    self.name = name
    type = UInt16(message[end]) << 8 | UInt16(message[end + 1])
    recordClass = UInt16(message[end + 2]) << 8 | UInt16(message[end + 3])
    section = Array(message[Self.headerSize..<end + 4])
    self.message = message
    udpLimit = Self.readLimit(message, after: end + 4)
  }

  /// The name of the first question and where it ends; a query has nothing that compression could point to.
  private static func readName(_ message: [UInt8]) -> (String, Int)? {
    var (place, name): (Int, [UInt8]) = (headerSize, [])
    while place < message.count {
      let length = Int(message[place])
      if length == 0 { return (String(decoding: name, as: UTF8.self), place + 1) }
      guard length <= 63, place + 1 + length < message.count, name.count + length < 255 else { return nil }
      if !name.isEmpty { name.append(UInt8(ascii: ".")) }
      for byte in message[place + 1...place + length] {
        // A dot within a label, or what is no text, could be taken for another name.
        guard byte > 0x20, byte < 0x7f, byte != UInt8(ascii: ".") else { return nil }
        name.append(byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)
      }
      place += 1 + length
    }
    return nil
  }

  /// The size that an OPT record behind the question allows, where it is the only one.
  private static func readLimit(_ message: [UInt8], after place: Int) -> Int {
    guard message[10] != 0 || message[11] != 0, place + 5 <= message.count, message[place] == 0,
      UInt16(message[place + 1]) << 8 | UInt16(message[place + 2]) == RecordType.opt
    else { return 512 }
    return max(512, Int(message[place + 3]) << 8 | Int(message[place + 4]))
  }
}
