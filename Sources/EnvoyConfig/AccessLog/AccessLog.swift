/// `envoy.config.accesslog.v3.AccessLog`: where lines go, and which.
package struct AccessLog: Sendable {
  package enum Sink: Sendable {
    case file(path: String)
    case stdout
    case stderr
  }

  package var name = ""
  package var filter: AccessLogFilter?
  package var sink = Sink.stdout
  /// nil: Envoy's default line.
  package var format: SubstitutionFormatString?
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.config.core.v3.SubstitutionFormatString`. The deprecated formats of the file log arrive here too.
package struct SubstitutionFormatString: Sendable {
  package enum Format: Sendable {
    case text(String)
    case json(StructValue)
  }

  package var format = Format.text("")
  package var omitEmptyValues = false
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.config.accesslog.v3.AccessLogFilter`.
package indirect enum AccessLogFilter: Sendable {
  case statusCode(ComparisonFilter)
  /// In milliseconds.
  case duration(ComparisonFilter)
  case notHealthCheck
  /// Short flags such as `UF`; empty: any flag at all.
  case responseFlag([String])
  case header(HeaderMatcher)
  case grpcStatus(GrpcStatusFilter)
  case runtime(RuntimeFilter)
  case and([AccessLogFilter])
  case or([AccessLogFilter])
}

/// `envoy.config.accesslog.v3.ComparisonFilter`.
package struct ComparisonFilter: Sendable {
  package enum Op: Sendable {
    case eq
    case ge
    case le
    case ne
  }

  package var op = Op.eq
  package var value = RuntimeUInt32()

  package init() {}
}

/// `envoy.config.accesslog.v3.GrpcStatusFilter`.
package struct GrpcStatusFilter: Sendable {
  /// By their numbers.
  package var statuses: Set<UInt32> = []
  /// Whether lines with these statuses are left out, and not the others.
  package var exclude = false

  package init() {}
}

/// `envoy.config.accesslog.v3.RuntimeFilter`: a share of the lines.
package struct RuntimeFilter: Sendable {
  package var runtimeKey = ""
  package var percentSampled = FractionalPercent()
  /// Draw anew instead of using the request id.
  package var useIndependentRandomness = false

  package init() {}
}
