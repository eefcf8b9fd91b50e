/// Makes replies (RFC 1035 §4.1).
package enum DNSReply {
  package enum Code: UInt8, Sendable {
    case noError = 0
    case malformed = 1
    case serverFailure = 2
    case nameError = 3
    case notImplemented = 4
  }

  /// A reply without records.
  package static func make(_ code: Code, to question: DNSQuestion) -> [UInt8] {
    header(question.id, recursion: question.recursionDesired, code: code, questions: 1, answers: 0) + question.section
  }

  /// To a query that could not be read.
  package static func make(_ code: Code, id: UInt16) -> [UInt8] {
    header(id, recursion: false, code: code, questions: 0, answers: 0)
  }

  /// Addresses, 4 or 16 bytes each; none is an answer too: the name has others.
  package static func make(
    addresses: [[UInt8]], timeToLive: UInt32, to question: DNSQuestion, limit: Int = .max
  ) -> [UInt8] {
    var reply = header(
      question.id, recursion: question.recursionDesired, code: .noError, questions: 1, answers: addresses.count)
    reply += question.section
    for address in addresses {
      // The name is where the question has it.
      reply += [0xc0, 12, UInt8(question.type >> 8), UInt8(question.type & 0xff), 0, 1]
      reply += (0..<4).map { UInt8(truncatingIfNeeded: timeToLive >> UInt32(24 - 8 * $0)) }
      reply += [0, UInt8(truncatingIfNeeded: address.count)] + address
    }
    return reply.count <= limit ? reply : truncated(question)
  }

  /// What does not fit into a datagram is asked for again over TCP.
  package static func truncated(_ question: DNSQuestion) -> [UInt8] {
    var reply = make(.noError, to: question)
    reply[2] |= 0x02
    return reply
  }

  private static func header(
    _ id: UInt16, recursion: Bool, code: Code, questions: Int, answers: Int
  ) -> [UInt8] {
    let count = UInt16(clamping: answers)
    return [
      UInt8(id >> 8), UInt8(id & 0xff), recursion ? 0x81 : 0x80, 0x80 | code.rawValue, 0, UInt8(questions),
      UInt8(count >> 8), UInt8(count & 0xff), 0, 0, 0, 0,
    ]
  }
}
