/// `envoy.type.matcher.v3.MetadataMatcher`: a value under `filter`, found by `path`.
package struct MetadataMatcher: Sendable {
  package var filter = ""
  /// Names of members, from the outside in; never empty after loading.
  package var path: [String] = []
  package var value = ValueMatcher.presentMatch(true)
  package var invert = false

  package init() {}
}

/// `envoy.type.matcher.v3.ValueMatcher`. No matcher matches a value that is not there.
package indirect enum ValueMatcher: Sendable {
  case nullMatch
  case doubleMatch(DoubleMatcher)
  case stringMatch(StringMatcher)
  case boolMatch(Bool)
  /// False matches nothing.
  case presentMatch(Bool)
  /// An element of a list matches.
  case listMatch(ValueMatcher)
  case orMatch([ValueMatcher])
}

/// `envoy.type.matcher.v3.DoubleMatcher`.
package enum DoubleMatcher: Sendable, Hashable {
  /// `start` ≤ x < `end`.
  case range(start: Double, end: Double)
  case exact(Double)
}

/// `envoy.type.v3.Int32Range`: `start` ≤ n < `end`.
package struct Int32Range: Sendable, Hashable {
  package var start: Int32 = 0
  package var end: Int32 = 0

  package init() {}
}
