/// Answers admin requests: Envoy's paths, methods, texts and codes.
package struct AdminHandler {
  let target: any AdminTarget

  package init(target: any AdminTarget) {
    self.target = target
  }

  package func respond(to request: AdminRequest) -> AdminResponse {
    guard let endpoint = AdminEndpoint.all.first(where: { $0.path == request.path }) else {
      return AdminResponse("invalid path. " + HelpEndpoint.text, status: 404)
    }
    if endpoint.isMutation, request.method != "POST" {
      return AdminResponse("Method \(request.method) not allowed, POST required.", status: 405)
    }
    return endpoint.respond(request, target)
  }
}

/// A path of the admin interface.
struct AdminEndpoint: Sendable {
  struct Parameter: Sendable {
    let name: String
    let description: String
    /// The values to choose from; none for free text or a flag.
    var choices: [String] = []
    var isFlag = false
  }

  let path: String
  let description: String
  var isMutation = false
  var parameters: [Parameter] = []
  let respond: @Sendable (AdminRequest, any AdminTarget) -> AdminResponse
}
