/// What an admin endpoint answers.
package struct AdminResponse: Sendable {
  package enum ContentType: String, Sendable {
    case text = "text/plain; charset=UTF-8"
    case json = "application/json"
    case html = "text/html; charset=UTF-8"
    /// What /config_dump's errors come with.
    case plain = "text/plain"
  }

  package let status: Int
  package let contentType: ContentType
  package let body: String

  package init(_ body: String, status: Int = 200, contentType: ContentType = .text) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  static func json(_ value: AdminJSON) -> AdminResponse {
    AdminResponse(value.text + "\n", contentType: .json)
  }

  static func badRequest(_ text: String) -> AdminResponse { AdminResponse(text, status: 400) }

  static var ok: AdminResponse { AdminResponse("OK\n") }

  /// What goes with every response; `server`, `date` and the framing are the connection manager's.
  package var headers: [(name: String, value: String)] {
    [
      ("content-type", contentType.rawValue), ("cache-control", "no-cache, max-age=0"),
      ("x-content-type-options", "nosniff"),
    ]
  }
}
