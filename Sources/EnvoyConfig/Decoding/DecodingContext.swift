/// What one decoding shares: the document, the errors found so far, and what the checks over the whole file need.
/// Used by one thread.
final class DecodingContext {
  let document: Document
  let checks: ConfigChecks
  private(set) var errors: [ConfigError] = []
  /// Fields that were asked for, when that is the question (FieldDescription).
  private(set) var recorded: [FieldDescription]?
  /// Places that name a cluster, to be held against the clusters once all are known.
  var clusterReferences: [ClusterReference] = []
  /// Places that name a static secret, likewise.
  var secretReferences: [SecretReference] = []
  /// Of the transport socket that is being decoded.
  var transportSocketSide = TransportSocketSide.downstream
  /// Whether what is decoded sees connections only, and no HTTP.
  var isInNetworkFilter = false
  /// Of the JWT filter that is being decoded.
  var jwtScope = JwtScope()
  /// Of the route configuration that is being decoded.
  var routeScope = RouteScope()

  /// Whether addresses must be IP addresses: everywhere but in a STRICT_DNS cluster.
  var requiresLiteralAddresses = true

  /// More errors than a person reads are not kept.
  static let maximumErrorCount = 1000

  struct ClusterReference {
    var name: String
    /// The node that names it.
    var node: Int
  }

  struct RouteScope {
    var validateClusters = true
    var maxDirectResponseBodySizeBytes = 4096
    /// Domains in lower case, and where each stands.
    var domains: [String: Int] = [:]
  }

  init(document: Document, checks: ConfigChecks = ConfigChecks()) {
    self.document = document
    self.checks = checks
  }

  /// A context that records which fields a message asks for.
  private init(recordingIn document: Document) {
    self.document = document
    checks = ConfigChecks()
    recorded = []
  }

  static func recording() -> DecodingContext { DecodingContext(recordingIn: emptyDocument) }

  private static let emptyDocument = Document(
    file: "", bytes: [], nodes: [Document.Node(kind: .object, line: 0, column: 0, end: 1)])

  func record(_ field: @autoclosure () -> FieldDescription) {
    guard recorded != nil else { return }
    recorded?.append(field())
  }

  /// Notes what is wrong with the node at `index`, or with its member `field`, which is not there.
  func report(_ index: Int, field: StaticString? = nil, _ problem: String, allowed: String = "") {
    guard errors.count < Self.maximumErrorCount else { return }
    var path = document.path(of: index)
    if let field { path += path.isEmpty ? "\(field)" : ".\(field)" }
    errors.append(
      ConfigError(location: document.location(of: index), path: path, problem: problem, allowed: allowed))
  }

  /// The decoded message at `index`; its defaults when the node is no object.
  func decode<Message: ConfigMessage>(_: Message.Type = Message.self, at index: Int) -> Message {
    var reader = MessageReader(context: self, node: index)
    let message = Message(from: &reader)
    reader.finish(Message.self)
    return message
  }

  /// How an error names a value.
  func found(_ index: Int) -> String {
    let node = document.nodes[index]
    switch node.kind {
    case .null: return "is null"
    case .array: return "is a list"
    case .object: return "is an object"
    case .bool, .number: return "is \(document.text(of: index))"
    case .string, .key:
      let text = document.text(of: index)
      let printable = text.prefix(60).map { $0.isNewline ? " " : String($0) }.joined()
      return "is \"\(printable)\(text.count > 60 ? "…" : "")\""
    }
  }
}
