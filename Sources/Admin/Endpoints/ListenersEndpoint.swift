/// /listeners: the bound addresses.
enum ListenersEndpoint {
  static func respond(_ request: AdminRequest, _ target: any AdminTarget) -> AdminResponse {
    if request["format"] == "json" {
      return .json(.object([("listener_statuses", .array(target.listeners.map(json)))]))
    }
    let lines = target.listeners.flatMap { listener in listener.addresses.map { "\(listener.name)::\($0.text)\n" } }
    return AdminResponse(lines.joined())
  }

  private static func json(_ listener: ListenerStatus) -> AdminJSON {
    var members: [(name: String, value: AdminJSON)] = [("name", .string(listener.name))]
    if let first = listener.addresses.first { members.append(("local_address", first.json)) }
    if listener.addresses.count > 1 {
      members.append(("additional_local_addresses", .array(listener.addresses.dropFirst().map(\.json))))
    }
    return .object(members)
  }
}
