/// `envoy.type.matcher.v3.StringMatcher`.
package struct StringMatcher: Sendable {
  package enum MatchPattern: Sendable {
    case exact(String)
    case prefix(String)
    case suffix(String)
    case contains(String)
    case safeRegex(SafeRegex)
  }

  package var matchPattern = MatchPattern.exact("")
  /// Without effect on a regular expression, as in Envoy.
  package var ignoreCase = false

  package init() {}
  package init(_ matchPattern: MatchPattern, ignoreCase: Bool = false) {
    self.matchPattern = matchPattern
    self.ignoreCase = ignoreCase
  }
}

/// `envoy.type.matcher.v3.RegexMatchAndSubstitute`.
package struct RegexMatchAndSubstitute: Sendable {
  package var pattern: SafeRegex
  package var substitution: String

  package init(pattern: SafeRegex, substitution: String) {
    self.pattern = pattern
    self.substitution = substitution
  }
}

/// `envoy.config.route.v3.HeaderMatcher`. The deprecated `exact_match`, `prefix_match`, `suffix_match`,
/// `contains_match` and `safe_regex_match` arrive as `string`; no specifier at all arrives as `present(true)`.
package struct HeaderMatcher: Sendable {
  package enum Specifier: Sendable {
    case present(Bool)
    case range(Int64Range)
    case string(StringMatcher)
  }

  package var name = ""
  package var specifier = Specifier.present(true)
  package var invertMatch = false
  package var treatMissingHeaderAsEmpty = false
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.config.route.v3.QueryParameterMatcher`. No specifier at all arrives as `present(true)`.
package struct QueryParameterMatcher: Sendable {
  package enum Specifier: Sendable {
    case present(Bool)
    case string(StringMatcher)
  }

  package var name = ""
  package var specifier = Specifier.present(true)
  package var origin = SourceLocation.none

  package init() {}
}
