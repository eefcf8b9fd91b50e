/// /help, also shown for an unknown path.
enum HelpEndpoint {
  static let text =
    "admin commands are:\n"
    + AdminEndpoint.all.map { endpoint in
      let method = endpoint.isMutation ? " (POST)" : ""
      let lines = endpoint.parameters.map { "      \($0.name): \(describe($0))\n" }.joined()
      return "  \(endpoint.path)\(method): \(endpoint.description)\n" + lines
    }.joined()

  private static func describe(_ parameter: AdminEndpoint.Parameter) -> String {
    parameter.choices.isEmpty
      ? parameter.description : "\(parameter.description); One of (\(parameter.choices.joined(separator: ", ")))"
  }
}

/// /: the same list as a page, each command a link or a button.
enum HomeEndpoint {
  static func respond() -> AdminResponse {
    let rows = AdminEndpoint.all.dropFirst().map(row).joined()
    let page = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
        <title>Envoy Admin</title>
        <style>
          body { font-family: sans-serif; }
          td { padding: 4px 12px; vertical-align: top; }
          form { margin: 0; }
        </style>
      </head>
      <body>
        <table>
          <tr><th>Command</th><th>Description</th></tr>
      \(rows)  </table>
      </body>
      </html>

      """
    return AdminResponse(page, contentType: .html)
  }

  private static func row(_ endpoint: AdminEndpoint) -> String {
    let command = endpoint.path.dropFirst()
    let fields = endpoint.parameters.map(field).joined()
    let method = endpoint.isMutation ? "post" : "get"
    return """
          <tr>
            <td><form action="\(command)" method="\(method)"><button>\(command)</button>\(fields)</form></td>
            <td>\(escaped(endpoint.description))</td>
          </tr>

      """
  }

  private static func field(_ parameter: AdminEndpoint.Parameter) -> String {
    let hint = "title=\"\(escaped(parameter.description))\""
    if parameter.isFlag {
      return " <label \(hint)><input type=\"checkbox\" name=\"\(parameter.name)\">\(parameter.name)</label>"
    }
    if parameter.choices.isEmpty {
      return " <input name=\"\(parameter.name)\" placeholder=\"\(parameter.name)\" \(hint)>"
    }
    let options = parameter.choices.map { "<option>\($0)</option>" }.joined()
    return " <select name=\"\(parameter.name)\" \(hint)>\(options)</select>"
  }

  private static func escaped(_ text: String) -> String { HTMLText.escaped(text) }
}

/// Text in a page.
enum HTMLText {
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.append(character)
      }
    }
    return result
  }
}
