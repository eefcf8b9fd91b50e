/// `envoy.config.bootstrap.v3.Bootstrap`, the root.
package struct Bootstrap: Sendable {
  package var node = Node()
  package var staticResources = StaticResources()
  package var admin: Admin?
  package var layeredRuntime = LayeredRuntime()
  /// How often histograms are merged and sinks flushed.
  package var statsFlushInterval: Duration = .seconds(5)
  /// Flush when the admin interface asks, and not at intervals.
  package var statsFlushOnAdmin = false
  package var origin = SourceLocation.none
  /// The text this was decoded from; nil when code made it.
  package var document: DocumentNode?

  package init() {}

  /// `Bootstrap.StaticResources`.
  package struct StaticResources: Sendable {
    package var listeners: [Listener] = []
    package var clusters: [Cluster] = []
    package var secrets: [Secret] = []

    package init() {}
  }
}

/// `envoy.config.core.v3.Node`: who this proxy is.
package struct Node: Sendable {
  package var id = ""
  package var cluster = ""
  package var locality = Locality()
  package var metadata: DocumentNode?
  package var node: DocumentNode?

  package init() {}
}

/// `envoy.config.core.v3.Locality`.
package struct Locality: Sendable, Hashable {
  package var region = ""
  package var zone = ""
  package var subZone = ""

  package init() {}
}

/// `envoy.config.bootstrap.v3.Admin`.
package struct Admin: Sendable {
  /// Where the admin interface listens; none when absent, as in Envoy.
  package var address: Address?
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.config.bootstrap.v3.LayeredRuntime`. Only layers that change nothing are supported.
package struct LayeredRuntime: Sendable {
  package struct Layer: Sendable {
    package enum Specifier: Sendable {
      case staticLayer
      case adminLayer
    }

    package var name = ""
    package var specifier = Specifier.staticLayer

    package init() {}
  }

  package var layers: [Layer] = []

  package init() {}
}
