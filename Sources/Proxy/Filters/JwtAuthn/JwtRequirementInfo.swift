/// Which tokens a request must bring, ready for use. Providers are indices of ``JwtAuthnInfo/providers``.
indirect enum JwtRequirementInfo: Sendable {
  case provider(Int, audiences: JwtAudiences?)
  /// One must hold.
  case any([JwtRequirementInfo])
  /// All must hold.
  case all([JwtRequirementInfo])
  /// No token will do; one that stands in these places must hold.
  case allowMissing(JwtLocations)
  /// Whatever comes will do; what holds is passed on.
  case allowMissingOrFailed(JwtLocations)
  case allowAll

  /// Alternatives in Envoy's order: what lets everybody in comes last, and of that only the more generous.
  static func alternatives(_ requirements: [JwtRequirementInfo]) -> JwtRequirementInfo {
    var regular: [JwtRequirementInfo] = []
    var bypass: JwtRequirementInfo?
    for requirement in requirements {
      switch requirement {
      case .allowMissingOrFailed:
        if case .allowMissingOrFailed? = bypass { continue }
        bypass = requirement
      case .allowMissing:
        if bypass == nil { bypass = requirement }
      default: regular.append(requirement)
      }
    }
    return .any(regular + (bypass.map { [$0] } ?? []))
  }
}
