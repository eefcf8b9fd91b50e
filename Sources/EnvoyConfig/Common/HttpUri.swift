/// `envoy.config.core.v3.HttpUri`.
package struct HttpUri: Sendable, Hashable {
  /// Of the scheme http or https.
  package var uri = ""
  /// One that there is not fails when it is asked.
  package var cluster = ""
  /// Zero: none.
  package var timeout: Duration = .zero

  package init() {}
}

/// `envoy.config.core.v3.RetryPolicy`.
package struct CoreRetryPolicy: Sendable, Hashable {
  package struct BackoffStrategy: Sendable, Hashable {
    package var baseInterval: Duration = .seconds(1)
    /// Ten times the base when absent in the text.
    package var maxInterval: Duration = .seconds(10)

    package init() {}
  }

  package var retryBackOff: BackoffStrategy?
  package var numRetries: UInt32 = 1
  /// As in a route's retry policy; Envoy's default for internal requests when empty.
  package var retryOn = ""

  package init() {}
}
