/// `envoy.type.v3.FractionalPercent`: `numerator` of `denominator`.
package struct FractionalPercent: Sendable, Hashable {
  package enum DenominatorType: UInt32, Sendable {
    case hundred = 100
    case tenThousand = 10_000
    case million = 1_000_000
  }

  package var numerator: UInt32 = 0
  package var denominator: DenominatorType = .hundred

  package init() {}
  package init(numerator: UInt32, denominator: DenominatorType) {
    self.numerator = numerator
    self.denominator = denominator
  }
}

/// `envoy.config.core.v3.RuntimeFractionalPercent`. Pillion has no runtime yet: the default value counts.
package struct RuntimeFractionalPercent: Sendable, Hashable {
  package var defaultValue = FractionalPercent()
  package var runtimeKey = ""

  package init() {}
}

/// `envoy.config.core.v3.RuntimeUInt32`. Pillion has no runtime yet: the default value counts.
package struct RuntimeUInt32: Sendable, Hashable {
  package var defaultValue: UInt32 = 0
  package var runtimeKey = ""

  package init() {}
}

/// `envoy.config.core.v3.RuntimeDouble`. Pillion has no runtime yet: the default value counts.
package struct RuntimeDouble: Sendable, Hashable {
  package var defaultValue = 0.0
  package var runtimeKey = ""

  package init() {}
}

/// `envoy.type.v3.Int64Range`: `start` ≤ n < `end`.
package struct Int64Range: Sendable, Hashable {
  package var start: Int64 = 0
  package var end: Int64 = 0

  package init() {}
}
