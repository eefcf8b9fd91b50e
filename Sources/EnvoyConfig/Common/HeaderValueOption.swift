/// `envoy.config.core.v3.HeaderValueOption`: one header to add, and how.
package struct HeaderValueOption: Sendable {
  package enum HeaderAppendAction: Sendable {
    case appendIfExistsOrAdd
    case addIfAbsent
    case overwriteIfExistsOrAdd
    case overwriteIfExists
  }

  /// The header's name, as written.
  package var key = ""
  /// The value, in which `%OPERATORS%` of the access log stand for what they name.
  package var value = ""
  /// The deprecated `append` is folded in: `append: false` arrives as `overwriteIfExistsOrAdd`.
  package var appendAction = HeaderAppendAction.appendIfExistsOrAdd
  /// Whether a value that turns out empty is added all the same.
  package var keepEmptyValue = false
  package var origin = SourceLocation.none

  package init() {}
}
