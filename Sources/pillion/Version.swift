/// What `--version` prints, and the admin interface's /server_info.
enum Version {
  static let text = "pillion 0.1.0 (Envoy 1.40.0 API)"
  /// The gauge `server.version`: a byte each for major, minor and patch.
  static let number: UInt64 = 0 << 16 | 1 << 8 | 0
}
