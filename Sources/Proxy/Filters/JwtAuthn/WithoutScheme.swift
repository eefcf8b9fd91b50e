/// A URI's bytes behind its `http://` or `https://`; all of them where it has neither.
func withoutScheme(_ uri: String) -> Substring.UTF8View {
  let bytes = uri.utf8[...]
  let scheme = ["http://", "https://"].first { bytes.starts(with: $0.utf8) }
  return bytes.dropFirst(scheme?.utf8.count ?? 0)
}
