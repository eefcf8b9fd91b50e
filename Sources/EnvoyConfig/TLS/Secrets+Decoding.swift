import Glibc

extension Secret: ConfigMessage {
  static let typeName = "envoy.extensions.transport_sockets.tls.v3.Secret"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    node = reader.documentNode
    reader.string("name", &name)
    let choice = reader.oneof(
      "type", isRequired: true, of: "tls_certificate", "session_ticket_keys", "validation_context", "generic_secret")
    let context = reader.context
    switch choice {
    case "tls_certificate":
      guard let index = reader.find("tls_certificate") else { return }
      let certificate: TlsCertificate = context.decode(at: index)
      type = .tlsCertificate(certificate)
      if certificate.isEmpty {
        context.report(
          index, "holds no certificate", allowed: "certificate_chain and private_key, or pkcs12, are needed")
      }
    case "session_ticket_keys":
      type = reader.find("session_ticket_keys").map { .sessionTicketKeys(context.decode(at: $0)) }
    case "validation_context":
      type = reader.find("validation_context").map { .validationContext(context.decode(at: $0)) }
    case "generic_secret":
      type = reader.find("generic_secret").map { .genericSecret(context.decode(at: $0)) }
    default: break
    }
  }
}

extension TlsCertificate: ConfigMessage {
  static let typeName = "envoy.extensions.transport_sockets.tls.v3.TlsCertificate"

  /// Whether it says nothing at all.
  package var isEmpty: Bool { certificateChain == nil && privateKey == nil && pkcs12 == nil }

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.message("certificate_chain", &certificateChain)
    reader.secretSource("private_key", &privateKey)
    reader.secretSource("pkcs12", &pkcs12)
    reader.secretSource("password", &password)
    reader.message("watched_directory", &watchedDirectory)
    // Envoy has not implemented it either.
    reader.withoutEffect(.objects, "signed_certificate_timestamp")
    reader.unsupported("private_key_provider", "ocsp_staple")
    reader.unsupportedUnlessEmpty("tls_params")
    checkParts(&reader)
  }

  private func checkParts(_ reader: inout MessageReader) {
    if pkcs12 != nil {
      if privateKey != nil { reader.report("private_key", "excludes pkcs12", allowed: "give one of them") }
      if certificateChain != nil { reader.report("certificate_chain", "excludes pkcs12", allowed: "give one of them") }
    } else if isEmpty {
      return
    } else if isMissing(certificateChain?.specifier, certificateChain?.bytes.count) {
      reader.report("certificate_chain", "certificate chain not set", allowed: "give it a value")
    } else if isMissing(privateKey?.specifier, privateKey?.secret.count) {
      reader.report("private_key", "private key not set", allowed: "give it a value")
    }
  }

  /// What a file lacks is told where the file is read.
  private func isMissing(_ specifier: DataSource.Specifier?, _ byteCount: Int?) -> Bool {
    switch specifier {
    case nil: true
    case .inlineBytes, .inlineString: byteCount == 0
    case .filename, .environmentVariable: false
    }
  }
}

extension TlsSessionTicketKeys: ConfigMessage {
  static let typeName = "envoy.extensions.transport_sockets.tls.v3.TlsSessionTicketKeys"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    let context = reader.context
    for index in reader.elements("keys", minItems: 1) {
      let key = context.secretSource(at: index)
      keys.append(key)
      guard key.secret.count != Self.keyByteCount else { continue }
      context.report(
        index, "has \(key.secret.count) bytes", allowed: "a key of exactly \(Self.keyByteCount) bytes is allowed")
    }
  }
}

extension GenericSecret: ConfigMessage {
  static let typeName = "envoy.extensions.transport_sockets.tls.v3.GenericSecret"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.secretSource("secret", &secret)
    for entry in reader.map("secrets") {
      secrets[reader.context.document.text(of: entry.key)] = reader.context.secretSource(at: entry.value)
    }
  }
}

extension SdsSecretConfig: ConfigMessage {
  static let typeName = "envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.string("name", &name, minLength: 1)
    if let index = reader.findDescribed("sds_config") {
      sdsConfig = reader.context.decode(ConfigSourceReader.self, at: index).value
    }
  }
}

/// `envoy.config.core.v3.ConfigSource`: only files are read.
struct ConfigSourceReader: ConfigMessage {
  static let typeName = "envoy.config.core.v3.ConfigSource"
  /// An empty source after an error, so that it is not taken for none.
  private(set) var value = PathConfigSource()

  /// `ApiVersion`, without a meaning for files.
  enum ApiVersion: ConfigEnum {
    case auto
    case v2
    case v3

    static let values: [(name: StaticString, number: Int32, value: Self?)] = [
      ("AUTO", 0, .auto), ("V2", 1, .v2), ("V3", 2, .v3),
    ]
  }

  init(from reader: inout MessageReader) {
    let choice = reader.oneof(
      "config_source_specifier", isRequired: true, of: "path_config_source", "path",
      unsupported: ["api_config_source", "ads", "self"])
    switch choice {
    case "path_config_source":
      if let index = reader.find("path_config_source") { value = reader.context.decode(at: index) }
    case "path":
      value.path = reader.chosenString("path", minLength: 1)
      reader.checkExists("path", value.path)
    default: break
    }
    // Of control planes only.
    reader.withoutEffect(.duration, "initial_fetch_timeout")
    var version = ApiVersion.auto
    reader.enumeration("resource_api_version", &version)
    reader.unsupported("authorities")
  }
}

extension PathConfigSource: ConfigMessage {
  static let typeName = "envoy.config.core.v3.PathConfigSource"

  init(from reader: inout MessageReader) {
    reader.string("path", &path, minLength: 1)
    reader.checkExists("path", path)
    if let index = reader.findDescribed("watched_directory") {
      let directory: WatchedDirectory = reader.context.decode(at: index)
      watchedDirectory = directory
      reader.checkExists("watched_directory", directory.path)
    }
    reader.unsupported("poll_interval")
  }
}

extension WatchedDirectory: ConfigMessage {
  static let typeName = "envoy.config.core.v3.WatchedDirectory"

  init(from reader: inout MessageReader) {
    reader.string("path", &path, minLength: 1)
    reader.bool("watch_modify", &watchModify)
  }
}

extension MessageReader {
  /// A file or directory that must be there.
  fileprivate mutating func checkExists(_ name: StaticString, _ path: String) {
    guard !path.isEmpty, access(path, F_OK) != 0 else { return }
    report(name, "\(path) does not exist", allowed: "a path that exists is allowed")
  }
}
