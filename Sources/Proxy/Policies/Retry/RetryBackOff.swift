import Reactor

/// Envoy's fully jittered exponential back-off: each wait is a random number of whole milliseconds below a bound that
/// starts at the base and doubles up to the maximum.
package struct RetryBackOff: Sendable {
  private var boundMilliseconds: Int
  private let maxMilliseconds: Int

  /// Both in milliseconds and at least 1.
  package init(baseMilliseconds: Int, maxMilliseconds: Int) {
    boundMilliseconds = max(1, baseMilliseconds)
    self.maxMilliseconds = max(boundMilliseconds, maxMilliseconds)
  }

  package mutating func next(random: inout RandomGenerator) -> Int64 {
    let wait = random.below(boundMilliseconds)
    boundMilliseconds = boundMilliseconds < maxMilliseconds / 2 ? boundMilliseconds * 2 : maxMilliseconds
    return nanoseconds(milliseconds: wait)
  }

  /// The wait that an upstream asked for, and up to half of it more, so that its clients do not all come back at once.
  static func rateLimited(milliseconds: Int, random: inout RandomGenerator) -> Int64 {
    nanoseconds(milliseconds: milliseconds + random.below(milliseconds / 2))
  }
}

private func nanoseconds(milliseconds: Int) -> Int64 {
  let (product, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
  return overflow ? .max : Int64(product)
}
