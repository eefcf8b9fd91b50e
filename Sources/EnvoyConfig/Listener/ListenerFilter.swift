/// `envoy.config.listener.v3.ListenerFilter`: looks at a connection before a filter chain is chosen for it.
package struct ListenerFilter: Sendable {
  package enum Config: Sendable {
    case tlsInspector(TlsInspector)
    /// Finds where a redirected connection was to go; `useOriginalDst` of the listener implies it.
    case originalDst
  }

  package var name = ""
  package var config: Config
  package var origin = SourceLocation.none

  package init(name: String, config: Config) {
    self.name = name
    self.config = config
  }
}

/// `envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector`: finds whether a connection speaks TLS, and the server
/// name and application protocols that the client asks for.
package struct TlsInspector: Sendable {
  package var closeConnectionOnClientHelloParsingErrors = false
  package var maxClientHelloSize: UInt32 = 16_384
  package var origin = SourceLocation.none

  package init() {}
}
