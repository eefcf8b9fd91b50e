/// `envoy.config.accesslog.v3.AccessLogFilter`; nil after an error.
struct AccessLogFilterReader: ConfigMessage {
  static let typeName = "envoy.config.accesslog.v3.AccessLogFilter"
  private(set) var value: AccessLogFilter?

  init(from reader: inout MessageReader) {
    let choice = reader.oneof(
      "filter_specifier", isRequired: true, of: "status_code_filter", "duration_filter", "not_health_check_filter",
      "runtime_filter", "and_filter", "or_filter", "header_filter", "response_flag_filter",
      "grpc_status_filter", unsupported: ["traceable_filter", "extension_filter", "metadata_filter", "log_type_filter"])
    let context = reader.context
    switch choice {
    case "status_code_filter":
      value = reader.find("status_code_filter").map {
        .statusCode(context.decode(StatusCodeFilter.self, at: $0).comparison)
      }
    case "duration_filter":
      value = reader.find("duration_filter").map { .duration(context.decode(DurationFilter.self, at: $0).comparison) }
    case "not_health_check_filter":
      value = reader.find("not_health_check_filter").map { context.decode(NotHealthCheckFilter.self, at: $0).value }
    case "runtime_filter":
      value = reader.find("runtime_filter").map { .runtime(context.decode(at: $0)) }
    case "and_filter":
      value = reader.find("and_filter").map { .and(context.decode(AndFilter.self, at: $0).filters) }
    case "or_filter":
      value = reader.find("or_filter").map { .or(context.decode(OrFilter.self, at: $0).filters) }
    case "header_filter":
      value = reader.find("header_filter").map { .header(context.decode(HeaderFilter.self, at: $0).header) }
    case "grpc_status_filter":
      value = reader.find("grpc_status_filter").map { .grpcStatus(context.decode(at: $0)) }
    case "response_flag_filter":
      value = reader.find("response_flag_filter").map {
        .responseFlag(context.decode(ResponseFlagFilter.self, at: $0).flags)
      }
    default: break
    }
  }
}

extension ComparisonFilter.Op: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("EQ", 0, .eq), ("GE", 1, .ge), ("LE", 2, .le), ("NE", 3, .ne),
  ]
}

extension ComparisonFilter: ConfigMessage {
  static let typeName = "envoy.config.accesslog.v3.ComparisonFilter"

  init(from reader: inout MessageReader) {
    reader.enumeration("op", &op)
    reader.requiredMessage("value", &value)
  }
}

/// `envoy.config.accesslog.v3.StatusCodeFilter`.
struct StatusCodeFilter: ConfigMessage {
  static let typeName = "envoy.config.accesslog.v3.StatusCodeFilter"
  private(set) var comparison = ComparisonFilter()

  init(from reader: inout MessageReader) { reader.requiredMessage("comparison", &comparison) }
}

/// `envoy.config.accesslog.v3.DurationFilter`.
struct DurationFilter: ConfigMessage {
  static let typeName = "envoy.config.accesslog.v3.DurationFilter"
  private(set) var comparison = ComparisonFilter()

  init(from reader: inout MessageReader) { reader.requiredMessage("comparison", &comparison) }
}

/// `envoy.config.accesslog.v3.NotHealthCheckFilter`, which has no fields.
struct NotHealthCheckFilter: ConfigMessage {
  static let typeName = "envoy.config.accesslog.v3.NotHealthCheckFilter"
  let value = AccessLogFilter.notHealthCheck

  init(from reader: inout MessageReader) {}
}

/// `envoy.config.accesslog.v3.AndFilter`.
struct AndFilter: ConfigMessage {
  static let typeName = "envoy.config.accesslog.v3.AndFilter"
  private(set) var filters: [AccessLogFilter] = []

  init(from reader: inout MessageReader) {
    var readers: [AccessLogFilterReader] = []
    reader.messages("filters", &readers, minItems: 2)
    filters = readers.compactMap(\.value)
  }
}

/// `envoy.config.accesslog.v3.OrFilter`.
struct OrFilter: ConfigMessage {
  static let typeName = "envoy.config.accesslog.v3.OrFilter"
  private(set) var filters: [AccessLogFilter] = []

  init(from reader: inout MessageReader) {
    var readers: [AccessLogFilterReader] = []
    reader.messages("filters", &readers, minItems: 2)
    filters = readers.compactMap(\.value)
  }
}

/// `envoy.config.accesslog.v3.HeaderFilter`.
struct HeaderFilter: ConfigMessage {
  static let typeName = "envoy.config.accesslog.v3.HeaderFilter"
  private(set) var header = HeaderMatcher()

  init(from reader: inout MessageReader) { reader.requiredMessage("header", &header) }
}

/// `envoy.config.accesslog.v3.ResponseFlagFilter`.
struct ResponseFlagFilter: ConfigMessage {
  static let typeName = "envoy.config.accesslog.v3.ResponseFlagFilter"
  /// Every short response flag that Envoy's validation knows.
  static let known = [
    "LH", "UH", "UT", "LR", "UR", "UF", "UC", "UO", "NR", "DI", "FI", "RL", "UAEX", "RLSE", "DC", "URX", "SI", "IH",
    "DPE", "UMSDR", "RFCF", "NFCF", "DT", "UPE", "NC", "OM", "DF", "DO", "DR", "UDO",
  ]
  private(set) var flags: [String] = []

  init(from reader: inout MessageReader) {
    let context = reader.context
    flags = reader.elements("flags").compactMap { index in
      guard let flag = context.string(at: index) else { return nil }
      if Self.known.contains(flag) { return flag }
      context.report(
        index, "is \"\(flag)\"", allowed: "one of \(Self.known.joined(separator: ", ")) is allowed")
      return nil
    }
  }
}

extension GrpcStatusFilter: ConfigMessage {
  static let typeName = "envoy.config.accesslog.v3.GrpcStatusFilter"

  init(from reader: inout MessageReader) {
    let context = reader.context
    for index in reader.elements("statuses") {
      guard let status: Status = context.enumeration(at: index) else { continue }
      statuses.insert(status.rawValue)
    }
    reader.bool("exclude", &exclude)
  }

  /// `GrpcStatusFilter.Status`.
  enum Status: UInt32, ConfigEnum {
    case ok, canceled, unknown, invalidArgument, deadlineExceeded, notFound, alreadyExists, permissionDenied
    case resourceExhausted, failedPrecondition, aborted, outOfRange, unimplemented, `internal`, unavailable, dataLoss
    case unauthenticated

    static let values: [(name: StaticString, number: Int32, value: Self?)] = [
      ("OK", 0, .ok), ("CANCELED", 1, .canceled), ("UNKNOWN", 2, .unknown),
      ("INVALID_ARGUMENT", 3, .invalidArgument), ("DEADLINE_EXCEEDED", 4, .deadlineExceeded),
      ("NOT_FOUND", 5, .notFound), ("ALREADY_EXISTS", 6, .alreadyExists), ("PERMISSION_DENIED", 7, .permissionDenied),
      ("RESOURCE_EXHAUSTED", 8, .resourceExhausted), ("FAILED_PRECONDITION", 9, .failedPrecondition),
      ("ABORTED", 10, .aborted), ("OUT_OF_RANGE", 11, .outOfRange), ("UNIMPLEMENTED", 12, .unimplemented),
      ("INTERNAL", 13, .internal), ("UNAVAILABLE", 14, .unavailable), ("DATA_LOSS", 15, .dataLoss),
      ("UNAUTHENTICATED", 16, .unauthenticated),
    ]
  }
}

extension RuntimeFilter: ConfigMessage {
  static let typeName = "envoy.config.accesslog.v3.RuntimeFilter"

  init(from reader: inout MessageReader) {
    reader.string("runtime_key", &runtimeKey, minLength: 1)
    reader.message("percent_sampled", &percentSampled)
    reader.bool("use_independent_randomness", &useIndependentRandomness)
  }
}
