/// A set of known names, a bit for each.
package struct HeaderNameSet: Sendable {
  private(set) var bits: (UInt64, UInt64) = (0, 0)

  package init(_ names: HeaderName...) {
    for name in names {
      let bit: UInt64 = 1 << UInt64(name.rawValue & 63)
      if name.rawValue < 64 { bits.0 |= bit } else { bits.1 |= bit }
    }
  }

  func contains(_ name: HeaderName) -> Bool {
    (name.rawValue < 64 ? bits.0 : bits.1) & (1 << UInt64(name.rawValue & 63)) != 0
  }
}
