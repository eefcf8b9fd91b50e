/// One compiled operator: a plain value.
package enum SubstitutionOperator: Sendable {
  case text(SubstitutionText)
  case number(SubstitutionNumber)
  /// %REQ(X?Y)%: the second stands in when the first is absent.
  case header(SubstitutionHeaderSource, SubstitutionHeader, fallback: SubstitutionHeader?)
  /// Between two moments, in units of so many nanoseconds.
  case duration(from: SubstitutionTimePoint, to: SubstitutionTimePoint, unitNanoseconds: Int64)
  /// The format by its number in the arena; the default one for nil.
  case time(SubstitutionTime, format: Int?)
  /// A text about a connection's TLS.
  case tls(SubstitutionTLS, SubstitutionSide)
  case certificateTime(SubstitutionCertificateTime, SubstitutionSide, format: Int?)
  case responseCodeDetails(allowWhitespace: Bool)
  /// %DYNAMIC_METADATA(NAMESPACE:KEY:…)%, by its number in the arena.
  case dynamicMetadata(Int)
  case path(PathOption)
  case queryParameter(SubstitutionBytes, PathOption)
  case query(PathOption)
  case grpcStatus(GrpcStatusFormat)
  /// The SNI or, as asked, the host.
  case requestedServerName(RequestedServerNameOption)
  case filterState(FilterStateFormat)
  /// Known from the start: %HOSTNAME%, %ENVIRONMENT(X)%.
  case constant(SubstitutionBytes)
  /// Valid, and never there in what Pillion does: %UPSTREAM_FILTER_STATE(x)%.
  case absent
}

/// Which path, with or without its query. The headers are those that the operator looks at.
package struct PathOption: Sendable {
  package enum Source: Sendable, Equatable {
    case path, original, originalOrPath
  }

  package let source: Source
  package let withQuery: Bool
  package let path: SubstitutionHeader
  package let originalPath: SubstitutionHeader
}

/// The SNI, the host, or whichever of them is there.
package enum RequestedServerNameOption: Sendable {
  case sniOnly
  case sniFirst(HostHeaders)
  case hostFirst(HostHeaders)
}

/// The headers that hold the host, in the order in which they are asked.
package struct HostHeaders: Sendable {
  package let first: SubstitutionHeader
  package let second: SubstitutionHeader?
}

/// How %GRPC_STATUS% prints, and the headers it looks at.
package struct GrpcStatusFormat: Sendable {
  package enum Style: Sendable, Equatable {
    case camel, snake, number
  }

  package let style: Style
  package let contentType: SubstitutionHeader
  package let grpcStatus: SubstitutionHeader
}

/// Why a format was refused, in Envoy's words.
package struct SubstitutionFormatError: Error, Equatable, CustomStringConvertible {
  package let message: String
  /// Offset of the operator's percent sign in the format, in bytes.
  package let position: Int

  package var description: String { message }
}
