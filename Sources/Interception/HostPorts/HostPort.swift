/// A value of `--host-port`: what of the host's loopback an app may use.
package enum HostPort: Sendable, Equatable {
  case port(UInt16)
  /// Whatever listens there, also what begins to while the app runs.
  case auto

  /// Nil for what is neither `auto` nor a port.
  package init?(_ text: String) {
    if text == "auto" {
      self = .auto
    } else if let port = UInt16(text), port > 0 {
      self = .port(port)
    } else {
      return nil
    }
  }

  package var number: UInt16? {
    if case .port(let number) = self { return number }
    return nil
  }
}
