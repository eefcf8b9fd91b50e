/// The log-linear bins of Envoy's histograms: each decade is cut into 90 bins of two significant digits, so 12,345 lies
/// in [12,000, 13,000). Only whole numbers are recorded, so 0 to 99 have a bin each.
@usableFromInline
enum HistogramBins {
  /// Bins below 100, one for each number.
  @usableFromInline static let low = 100
  @usableFromInline static let binsPerDecade = 90
  /// Decades from 100 up to what 64 bits hold.
  @usableFromInline static let decades = 18
  static let count = low + decades * binsPerDecade

  /// The decade (0 for 100 to 999) and the bin within it (0 to 89) of a value of at least 100.
  @inlinable
  static func place(of value: UInt64) -> (decade: Int, bin: Int) {
    var rest = value
    var decade = 0
    while rest >= 1000 {
      rest /= 10
      decade &+= 1
    }
    return (decade, Int(truncatingIfNeeded: rest / 10) &- 10)
  }

  static func lowerBound(of bin: Int) -> Double {
    guard bin >= low else { return Double(bin) }
    let (decade, place) = (bin - low).quotientAndRemainder(dividingBy: binsPerDecade)
    return Double(place + 10) * powerOfTen(decade + 1)
  }

  /// 0 has a bin of no width, 1 to 9 lie in bins of a tenth.
  static func width(of bin: Int) -> Double {
    switch bin {
    case 0: 0
    case 1..<10: 0.1
    case 10..<low: 1
    default: powerOfTen((bin - low) / binsPerDecade + 1)
    }
  }

  /// What one sample in the bin adds to an approximate sum: the point that divides the bin in proportion to its ends.
  static func midpoint(of bin: Int) -> Double {
    guard bin > 0 else { return 0 }
    let bottom = lowerBound(of: bin)
    let width = width(of: bin)
    return bottom + width * (bottom / (bottom + bottom + width))
  }

  private static func powerOfTen(_ exponent: Int) -> Double {
    (0..<exponent).reduce(1.0) { power, _ in power * 10 }
  }
}
