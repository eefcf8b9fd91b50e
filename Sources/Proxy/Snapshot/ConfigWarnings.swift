import EnvoyConfig

extension DownstreamTlsContext {
  /// Whether it requires a certificate, and has nothing to hold one against. What comes from secrets is not known yet.
  fileprivate var requiresInVain: Bool {
    guard requireClientCertificate else { return false }
    switch commonTlsContext.validationContextType {
    case nil: return true
    case .validationContext(let context):
      return context.trustedCa == nil && context.matchTypedSubjectAltNames.isEmpty
        && context.verifyCertificateHash.isEmpty && context.verifyCertificateSpki.isEmpty
    case .validationContextSdsSecretConfig, .combinedValidationContext: return false
    }
  }
}

extension Bootstrap {
  /// What of the configuration is served otherwise than it is written, for the log.
  var warnings: [String] {
    let chains = staticResources.listeners.flatMap { $0.filterChains + ($0.defaultFilterChain.map { [$0] } ?? []) }
    return chains.flatMap { chain -> [String] in
      guard case .downstreamTls(let context) = chain.transportSocket else { return [] }
      var warnings: [String] = []
      if context.requiresInVain {
        warnings.append("require_client_certificate: without trusted_ca nobody is asked for one (as in Envoy)")
      }
      return warnings.map { "\(context.origin): \($0)" }
    }
  }
}
