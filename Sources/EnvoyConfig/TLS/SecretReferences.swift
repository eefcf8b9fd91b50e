/// A place that names a static secret, to be held against the secrets once all are known.
struct SecretReference {
  enum Kind {
    case tlsCertificate
    case sessionTicketKeys
    /// With the default that the secret is merged over.
    case validationContext(CertificateValidationContext)
  }

  var name: String
  var kind: Kind
  /// The node that names it.
  var node: Int
}

extension DecodingContext {
  /// An `SdsSecretConfig`; without a source, it leads to a static secret, which must exist.
  func sdsSecretConfig(at index: Int, _ kind: SecretReference.Kind) -> SdsSecretConfig {
    let config: SdsSecretConfig = decode(at: index)
    if config.sdsConfig == nil && !config.name.isEmpty {
      secretReferences.append(SecretReference(name: config.name, kind: kind, node: index))
    }
    return config
  }

  /// Secrets of one kind have different names, and every name that is used stands for one.
  func checkSecrets(_ secrets: [Secret]) {
    var certificates: [String: Secret] = [:]
    var ticketKeys: [String: Secret] = [:]
    var validationContexts: [String: Secret] = [:]
    var genericSecrets: [String: Secret] = [:]
    for secret in secrets {
      switch secret.type {
      case .tlsCertificate: note(secret, in: &certificates)
      case .sessionTicketKeys: note(secret, in: &ticketKeys)
      case .validationContext: note(secret, in: &validationContexts)
      case .genericSecret: note(secret, in: &genericSecrets)
      case nil: break
      }
    }
    for reference in secretReferences {
      switch reference.kind {
      case .tlsCertificate: _ = resolve(reference, "static secret", in: certificates)
      case .sessionTicketKeys: _ = resolve(reference, "tls session ticket keys", in: ticketKeys)
      case .validationContext(let base):
        let secret = resolve(reference, "static certificate validation context", in: validationContexts)
        guard case .validationContext(let validation) = secret?.type,
          let problem = base.merging(validation).problem
        else { continue }
        report(reference.node, problem.problem, allowed: problem.allowed)
      }
    }
  }

  private func note(_ secret: Secret, in known: inout [String: Secret]) {
    guard let first = known.updateValue(secret, forKey: secret.name), let node = secret.node else { return }
    report(
      node.index, field: "name", "duplicate static secret \"\(secret.name)\", the first is at \(first.origin)",
      allowed: "a name stands once among secrets of a type")
  }

  private func resolve(_ reference: SecretReference, _ kind: String, in known: [String: Secret]) -> Secret? {
    if let secret = known[reference.name] { return secret }
    let near = NearestName.find(reference.name, among: Array(known.keys.prefix(1000)).sorted())
    report(
      reference.node, "unknown \(kind) \"\(reference.name)\"",
      allowed: near.map { "did you mean \($0)?" } ?? "one of static_resources.secrets, or an sds_config, is allowed")
    return nil
  }
}
