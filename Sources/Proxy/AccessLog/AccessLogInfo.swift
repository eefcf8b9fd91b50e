import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// An access log of the configuration, ready for use: which lines, in what form, to where.
final class AccessLogInfo: Sendable {
  private enum Format: Sendable {
    case text(SubstitutionFormat)
    case json(SubstitutionJSONFormat)
  }

  private let format: Format
  private let filter: LineFilter?
  private let file: AccessLogFile

  /// - Throws: the format does not compile, or the file cannot be opened.
  init(_ config: AccessLog, files: AccessLogFiles) throws(ConfigProblemError) {
    file = try Self.open(config.sink, files)
    filter = config.filter.map { LineFilter($0) }
    format = try Self.compile(config.format)
  }

  private static func open(
    _ sink: AccessLog.Sink, _ files: AccessLogFiles
  ) throws(ConfigProblemError) -> AccessLogFile {
    let path =
      switch sink {
      case .file(let path): path
      case .stdout: "/dev/stdout"
      case .stderr: "/dev/stderr"
      }
    do { return try files.open(path) } catch { throw ConfigProblemError(error.description) }
  }

  private static func compile(_ format: SubstitutionFormatString?) throws(ConfigProblemError) -> Format {
    do {
      guard let format else {
        return .text(try SubstitutionFormat(SubstitutionFormat.defaultAccessLog, identify: HeaderName.identify))
      }
      switch format.format {
      case .text(let text):
        return .text(
          try SubstitutionFormat(text, omitEmptyValues: format.omitEmptyValues, identify: HeaderName.identify))
      case .json(let value):
        return .json(
          try SubstitutionJSONFormat(
            SubstitutionJSON(value), omitEmptyValues: format.omitEmptyValues, identify: HeaderName.identify))
      }
    } catch {
      throw ConfigProblemError(error.message)
    }
  }

  /// Writes the line of a finished request.
  func write(_ stream: ActiveStream, _ worker: Worker) {
    if let filter, !filter.passes(stream.info, stream, worker) { return }
    append(StreamValues(stream: stream), worker)
  }

  /// Writes the line of a finished connection.
  func write(_ session: TcpProxySession, _ worker: Worker, isOfListener: Bool) {
    if let filter, !filter.passes(session.info, nil, worker) { return }
    append(SessionValues(session: session, isOfListener: isOfListener), worker)
  }

  /// Writes the line of a finished HTTP connection, or of one that was refused: a listener's log.
  func write(_ values: some ConnectionValues, _ worker: Worker) {
    if let filter, !filter.passes(values.info, nil, worker) { return }
    append(values, worker)
  }

  private func append(_ values: some SubstitutionValues, _ worker: Worker) {
    switch format {
    case .text(let format): format.append(values, to: &worker.text)
    case .json(let format): format.append(values, to: &worker.text)
    }
    file.append(worker.text.view, worker.shard)
    worker.text.removeAll()
  }
}

/// What is wrong with a thing that only the proxy can judge, for the configuration's list of errors.
struct ConfigProblemError: Error {
  let problem: String

  init(_ problem: String) { self.problem = problem }
}

extension HeaderName {
  /// The number by which a format's header is found at once.
  static func identify(_ name: String) -> UInt8 { withBytes(name) { HeaderName($0).rawValue } }
}

extension SubstitutionJSON {
  init(_ value: StructValue) {
    switch value {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .number(let value): self = .number(value)
    case .string(let value, _): self = .string(value)
    case .list(let values): self = .array(values.map { SubstitutionJSON($0) })
    case .object(let members): self = .object(members.map { ($0.name, SubstitutionJSON($0.value)) })
    }
  }
}
