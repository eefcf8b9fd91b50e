extension FilterConfig: ConfigMessage {
  static let typeName = "envoy.config.route.v3.FilterConfig"

  /// Messages that a filter takes from a route.
  static var kinds: [AnyKind<Config?>] {
    [
      AnyKind(RBACPerRoute.self) { .rbac($0) },
      AnyKind(JwtPerRouteConfigReader.self) { reader in reader.value.map { .jwtAuthn($0) } },
    ]
  }

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.bool("disabled", &disabled)
    // Every type that is accepted is known.
    reader.withoutEffect(.bool, "is_optional")
    guard let index = reader.findDescribed("config") else {
      if !disabled, reader.context.recorded == nil {
        reader.report("has neither config nor disabled", allowed: "one of them is needed")
      }
      return
    }
    // An empty Any says that the filter is on.
    if MessageReader(context: reader.context, node: index).isEmpty { return }
    config = reader.context.any(at: index, known: EnvoyExtensions.perFilterConfigs, Self.kinds) ?? nil
  }
}

extension MessageReader {
  /// `typed_per_filter_config`: by the name of the filter. A name that no filter has is accepted, as in Envoy.
  mutating func typedPerFilterConfig(_ configs: inout [String: FilterConfig]) {
    for entry in map("typed_per_filter_config") {
      let context = self.context
      let kinds =
        [AnyKind(FilterConfig.self) { $0 }] + FilterConfig.kinds.map { $0.wrapped(origin: entry.value, context) }
      guard let config = context.any(at: entry.value, known: EnvoyExtensions.perFilterConfigs, kinds) else { continue }
      configs[context.document.text(of: entry.key)] = config
    }
  }
}

extension AnyKind<FilterConfig.Config?> {
  /// The bare message in the place of a `FilterConfig`.
  fileprivate func wrapped(origin: Int, _ context: DecodingContext) -> AnyKind<FilterConfig> {
    let origin = context.document.location(of: origin)
    return map { config in
      var filter = FilterConfig()
      filter.config = config
      filter.origin = origin
      return filter
    }
  }
}
