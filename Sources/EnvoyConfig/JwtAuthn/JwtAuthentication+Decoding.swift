extension JwtAuthentication: ConfigMessage {
  static let typeName = "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    let context = reader.context
    for entry in reader.map("providers") {
      var provider: JwtProvider = context.decode(at: entry.value)
      provider.name = context.document.text(of: entry.key)
      providers.append(provider)
    }
    providers.sort { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
    // What is decoded below is held against these.
    context.jwtScope = DecodingContext.JwtScope(providers: Set(providers.map(\.name)))
    for entry in reader.map("requirement_map") {
      let requirement = context.decode(JwtRequirementReader.self, at: entry.value).value
      requirementMap[context.document.text(of: entry.key)] = requirement
    }
    context.jwtScope.requirements = Set(requirementMap.keys)
    reader.messages("rules", &rules)
    reader.bool("bypass_cors_preflight", &bypassCorsPreflight)
    reader.bool("strip_failure_response", &stripFailureResponse)
    reader.string("stat_prefix", &statPrefix)
    reader.unsupported("filter_state_rules")
  }
}

extension DecodingContext {
  /// Of the `JwtAuthentication` that is being decoded.
  struct JwtScope {
    var providers: Set<String> = []
    var requirements: Set<String> = []
  }

  /// A provider's name in a requirement, which must exist.
  fileprivate func checkJwtProvider(_ name: String, at index: Int) {
    guard !jwtScope.providers.contains(name) else { return }
    refuseUnknown("provider", name, at: index, among: jwtScope.providers, "providers")
  }

  fileprivate func refuseUnknown(
    _ what: String, _ name: String, at index: Int, among names: Set<String>, _ field: String
  ) {
    let near = NearestName.find(name, among: Array(names.prefix(1000)).sorted())
    report(
      index, "unknown \(what) \"\(name)\"",
      allowed: near.map { "did you mean \($0)?" } ?? "one of \(field) is allowed")
  }
}

extension RequirementRule: ConfigMessage {
  static let typeName = "envoy.extensions.filters.http.jwt_authn.v3.RequirementRule"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.requiredMessage("match", &match)
    guard let (name, index) = reader.chosen("requirement_type", of: "requires", "requirement_name") else { return }
    let context = reader.context
    if name == "requires" {
      requirementType = .requires(context.decode(JwtRequirementReader.self, at: index).value)
    } else if let name = context.string(at: index, minLength: 1) {
      requirementType = .requirementName(name)
      if !context.jwtScope.requirements.contains(name) {
        context.refuseUnknown(
          "requirement", name, at: index, among: context.jwtScope.requirements, "requirement_map")
      }
    }
  }
}

/// `envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement`.
struct JwtRequirementReader: ConfigMessage {
  static let typeName = "envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement"
  private(set) var value = JwtRequirement.none

  init(from reader: inout MessageReader) {
    let choice = reader.chosen(
      "requires_type", of: "provider_name", "provider_and_audiences", "requires_any", "requires_all",
      "allow_missing_or_failed", "allow_missing", unsupported: ["extract_only_without_validation"])
    guard let (name, index) = choice else { return }
    let context = reader.context
    switch name {
    case "provider_name":
      guard let provider = context.string(at: index) else { return }
      context.checkJwtProvider(provider, at: index)
      value = .providerName(provider)
    case "provider_and_audiences": value = context.decode(ProviderWithAudiences.self, at: index).requirement
    case "requires_any": value = .requiresAny(context.decode(JwtRequirementOrList.self, at: index).requirements)
    case "requires_all": value = .requiresAll(context.decode(JwtRequirementAndList.self, at: index).requirements)
    case "allow_missing_or_failed":
      _ = context.decode(EmptyMessage.self, at: index)
      value = .allowMissingOrFailed
    default:
      _ = context.decode(EmptyMessage.self, at: index)
      value = .allowMissing
    }
  }

  /// `ProviderWithAudiences`.
  struct ProviderWithAudiences: ConfigMessage {
    static let typeName = "envoy.extensions.filters.http.jwt_authn.v3.ProviderWithAudiences"
    private var name = ""
    private var audiences: [String] = []

    var requirement: JwtRequirement { .providerAndAudiences(providerName: name, audiences: audiences) }

    init(from reader: inout MessageReader) {
      reader.string("provider_name", &name)
      reader.strings("audiences", &audiences)
      if reader.context.recorded == nil {
        reader.context.checkJwtProvider(name, at: reader.key(of: "provider_name").map { $0 + 1 } ?? reader.node)
      }
    }
  }

  /// `JwtRequirementOrList`.
  struct JwtRequirementOrList: ConfigMessage {
    static let typeName = "envoy.extensions.filters.http.jwt_authn.v3.JwtRequirementOrList"
    private(set) var requirements: [JwtRequirement] = []

    init(from reader: inout MessageReader) {
      var readers: [JwtRequirementReader] = []
      reader.messages("requirements", &readers, minItems: 2)
      requirements = readers.map(\.value)
    }
  }

  /// `JwtRequirementAndList`.
  struct JwtRequirementAndList: ConfigMessage {
    static let typeName = "envoy.extensions.filters.http.jwt_authn.v3.JwtRequirementAndList"
    private(set) var requirements: [JwtRequirement] = []

    init(from reader: inout MessageReader) {
      var readers: [JwtRequirementReader] = []
      reader.messages("requirements", &readers, minItems: 2)
      requirements = readers.map(\.value)
    }
  }
}

/// `google.protobuf.Empty`.
struct EmptyMessage: ConfigMessage {
  static let typeName = "google.protobuf.Empty"

  init(from reader: inout MessageReader) {}
}

/// `envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig`; nil after an error.
struct JwtPerRouteConfigReader: ConfigMessage {
  static let typeName = "envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig"
  private(set) var value: JwtPerRouteConfig?

  init(from reader: inout MessageReader) {
    let choice = reader.chosen("requirement_specifier", isRequired: true, of: "disabled", "requirement_name")
    guard let (name, index) = choice else { return }
    if name == "requirement_name" {
      value = reader.context.string(at: index, minLength: 1).map { .requirementName($0) }
    } else if let isDisabled = reader.context.bool(at: index) {
      if !isDisabled { reader.context.report(index, "is false", allowed: "only true is allowed") }
      value = .disabled
    }
  }
}
