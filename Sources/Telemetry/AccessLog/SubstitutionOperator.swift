/// One compiled operator.
package indirect enum SubstitutionOperator: Sendable, Equatable {
  case text(SubstitutionText)
  case number(SubstitutionNumber)
  /// %REQ(X?Y)%: the second stands in when the first is absent.
  case header(SubstitutionHeaderSource, SubstitutionHeader, fallback: SubstitutionHeader?)
  /// Between two moments, in units of so many nanoseconds.
  case duration(from: SubstitutionTimePoint, to: SubstitutionTimePoint, unitNanoseconds: Int64)
  case time(SubstitutionTime, TimeFormat)
  case responseCodeDetails(allowWhitespace: Bool)
  case path(PathOption)
  case queryParameter([UInt8], PathOption)
  case query(PathOption)
  case grpcStatus(GrpcStatusFormat)
  /// The SNI or, as asked, the host.
  case requestedServerName(RequestedServerNameOption)
  /// Known from the start: %HOSTNAME%, %ENVIRONMENT(X)%.
  case constant([UInt8])
  /// Valid, and never there in what Pillion does: %FILTER_STATE(x)%.
  case absent
}

/// Which path, with or without its query. The headers are those that the operator looks at.
package struct PathOption: Sendable, Equatable {
  package enum Source: Sendable, Equatable {
    case path, original, originalOrPath
  }

  package let source: Source
  package let withQuery: Bool
  package let path: SubstitutionHeader
  package let originalPath: SubstitutionHeader
}

/// The headers hold the host, in the order in which they are asked.
package enum RequestedServerNameOption: Sendable, Equatable {
  case sniOnly
  case sniFirst([SubstitutionHeader])
  case hostFirst([SubstitutionHeader])
}

/// How %GRPC_STATUS% prints, and the headers it looks at.
package struct GrpcStatusFormat: Sendable, Equatable {
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
