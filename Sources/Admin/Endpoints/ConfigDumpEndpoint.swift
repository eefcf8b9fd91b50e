import EnvoyConfig
import Telemetry

/// /config_dump: the configuration in force, whole or in part.
enum ConfigDumpEndpoint {
  /// One message of the dump.
  private struct Section {
    let type: String
    /// Repeated fields, with the type of their elements.
    let lists: [(name: String, type: String)]
    /// The fields that are there, in order.
    let members: [(name: String, value: AdminJSON)]

    var fields: [String] { members.map(\.name) + ["version_info"] + lists.map(\.name) }

    var json: AdminJSON {
      .object([("@type", .string(ConfigDumpEndpoint.typePrefix + "admin.v3." + type))] + members)
    }
  }

  private struct Refusal: Error {
    let text: String
    var status = 400
  }

  private static let typePrefix = "type.googleapis.com/envoy."

  static func respond(_ request: AdminRequest, _ target: any AdminTarget) -> AdminResponse {
    do throws(Refusal) {
      let sections = sections(target.configDump, matching: try nameFilter(request))
      let mask = request.nonEmpty("mask")
      if let resource = request.nonEmpty("resource") {
        let elements = try elements(of: resource, in: sections)
        return response(try mask.map { mask throws(Refusal) in try apply(mask, toElements: elements) } ?? elements)
      }
      return response(try mask.map { mask throws(Refusal) in try apply(mask, to: sections) } ?? sections.map(\.json))
    } catch {
      return AdminResponse(error.text, status: error.status, contentType: .plain)
    }
  }

  private static func response(_ configs: [AdminJSON]) -> AdminResponse {
    .json(.object(configs.isEmpty ? [] : [("configs", .array(configs))]))
  }

  private static func nameFilter(_ request: AdminRequest) throws(Refusal) -> (AdminJSON) -> Bool {
    guard let pattern = request.nonEmpty("name_regex") else { return { _ in true } }
    do {
      let regex = try SafeRegex(pattern)
      return { resource in
        var name = resource["name"]?.stringValue ?? ""
        return name.withUTF8 { regex.fullMatch(UnsafeRawBufferPointer($0)) }
      }
    } catch {
      throw Refusal(text: "INVALID_ARGUMENT: Error while parsing name_regex from \(pattern): \(error.text)")
    }
  }

  // MARK: The whole

  private static func sections(_ dump: ConfigDump, matching wanted: (AdminJSON) -> Bool) -> [Section] {
    func list(_ resources: [ConfigDump.Resource], _ name: String, _ field: String, _ type: String)
      -> [(name: String, value: AdminJSON)]
    {
      let elements = resources.filter { wanted($0.value) }.map { resource in
        let typed = AdminJSON.object([("@type", .string(typePrefix + type))] + resource.value.members)
        return AdminJSON.object([(field, typed), ("last_updated", time(resource.lastUpdatedNanoseconds))])
      }
      return elements.isEmpty ? [] : [(name, .array(elements))]
    }
    return [
      Section(
        type: "BootstrapConfigDump", lists: [],
        members: [
          ("bootstrap", dump.bootstrap.value), ("last_updated", time(dump.bootstrap.lastUpdatedNanoseconds)),
        ]),
      Section(
        type: "ClustersConfigDump",
        lists: [
          ("static_clusters", "StaticCluster"), ("dynamic_active_clusters", "DynamicCluster"),
          ("dynamic_warming_clusters", "DynamicCluster"),
        ], members: list(dump.clusters, "static_clusters", "cluster", "config.cluster.v3.Cluster")),
      Section(
        type: "ListenersConfigDump",
        lists: [("static_listeners", "StaticListener"), ("dynamic_listeners", "DynamicListener")],
        members: list(dump.listeners, "static_listeners", "listener", "config.listener.v3.Listener")),
      Section(
        type: "ScopedRoutesConfigDump",
        lists: [
          ("inline_scoped_route_configs", "InlineScopedRouteConfigs"),
          ("dynamic_scoped_route_configs", "DynamicScopedRouteConfigs"),
        ], members: []),
      Section(
        type: "RoutesConfigDump",
        lists: [
          ("static_route_configs", "StaticRouteConfig"),
          ("dynamic_route_configs", "DynamicRouteConfig"),
        ],
        members: list(dump.routes, "static_route_configs", "route_config", "config.route.v3.RouteConfiguration")),
      Section(
        type: "SecretsConfigDump",
        lists: [
          ("static_secrets", "StaticSecret"), ("dynamic_active_secrets", "DynamicSecret"),
          ("dynamic_warming_secrets", "DynamicSecret"),
        ],
        members: secrets(dump.staticSecrets, "static_secrets", wanted)
          + secrets(dump.activeSecrets, "dynamic_active_secrets", wanted)
          + secrets(dump.warmingSecrets, "dynamic_warming_secrets", wanted)),
    ]
  }

  private static func secrets(
    _ secrets: [ConfigDump.Secret], _ field: String, _ wanted: (AdminJSON) -> Bool
  ) -> [(name: String, value: AdminJSON)] {
    let elements = secrets.filter { wanted($0.value) }.map { secret in
      var members: [(name: String, value: AdminJSON)] = [("name", .string(secret.name))]
      if secret.isMissing { members.append(("version_info", .string("uninitialized"))) }
      if let updated = secret.lastUpdatedNanoseconds { members.append(("last_updated", time(updated))) }
      let type = typePrefix + "extensions.transport_sockets.tls.v3.Secret"
      members.append(
        ("secret", .object([("@type", .string(type))] + secret.value.members.filter { $0.name != "@type" })))
      return AdminJSON.object(members)
    }
    return elements.isEmpty ? [] : [(field, .array(elements))]
  }

  private static func time(_ nanoseconds: Int64) -> AdminJSON {
    var text = TextBuffer(capacity: 32)
    TimeFormat("").append(nanoseconds, to: &text)
    return .string(text.view.string)
  }

  // MARK: A part

  /// The elements of a repeated field, each with its type.
  private static func elements(of resource: String, in sections: [Section]) throws(Refusal) -> [AdminJSON] {
    for section in sections where section.fields.contains(resource) {
      guard let list = section.lists.first(where: { $0.name == resource }) else {
        throw Refusal(
          text: "\(resource) is not a repeated field. Use ?mask=\(resource) to get only this field")
      }
      guard case .array(let elements) = section.members.first(where: { $0.name == resource })?.value else { return [] }
      let type = AdminJSON.string("\(typePrefix)admin.v3.\(section.type).\(list.type)")
      return elements.map { .object([("@type", type)] + $0.members) }
    }
    throw Refusal(text: "\(resource) not found in config dump", status: 404)
  }

  private static func apply(_ mask: String, toElements elements: [AdminJSON]) throws(Refusal) -> [AdminJSON] {
    let mask = FieldMask(mask)
    var masked: [AdminJSON] = []
    for element in elements {
      guard mask.isValid(for: element, fields: element.members.map(\.name)) else {
        throw Refusal(text: "FieldMask \(mask.description) could not be successfully used.")
      }
      masked.append(mask.apply(to: element))
    }
    return masked
  }

  /// Only the sections that have all the mask's fields are shown.
  private static func apply(_ mask: String, to sections: [Section]) throws(Refusal) -> [AdminJSON] {
    let mask = FieldMask(mask)
    let masked = sections.filter { mask.isValid(for: $0.json, fields: $0.fields) }.map { mask.apply(to: $0.json) }
    guard !masked.isEmpty else {
      throw Refusal(text: "FieldMask \(mask.description) could not be successfully applied to any configs.")
    }
    return masked
  }
}
