import Reactor

/// The three sections of a JSON Web Token in its compact form (RFC 7515 §3.1), still encoded.
///
/// Views of the text that it was made from.
package struct CompactToken {
  package let header: ByteView
  package let payload: ByteView
  package let signature: ByteView
  /// What the signature is over: header and payload with the dot between them.
  package let signingInput: ByteView

  /// Nil where there are not three sections, none of them empty, with two dots.
  package init?(_ text: ByteView) {
    let dot = UInt8(ascii: ".")
    var dots: [Int] = []
    for index in 0..<text.count where text[index] == dot {
      guard dots.count < 2 else { return nil }
      dots.append(index)
    }
    guard dots.count == 2, dots[0] > 0, dots[1] > dots[0] + 1, text.count > dots[1] + 1 else { return nil }
    header = text[0..<dots[0]]
    payload = text[dots[0] + 1..<dots[1]]
    signature = text[dots[1] + 1..<text.count]
    signingInput = text[0..<dots[1]]
  }
}
