/// What `--version` prints, and the admin interface's /server_info.
enum Version {
  static let text = "pillion 0.1.0 (Envoy 1.40.0 API)"
}
