import EnvoyConfig

/// Retries as a share of the requests under way, instead of a fixed number.
struct RetryBudget: Sendable {
  private let percent: Double
  private let minRetryConcurrency: Int

  init(_ config: EnvoyConfig.CircuitBreakers.RetryBudget) {
    percent = min(100, max(0, config.budgetPercent))
    minRetryConcurrency = Int(config.minRetryConcurrency)
  }

  func maxRetries(activeAndPending: Int) -> Int {
    max(Int(percent / 100 * Double(max(0, activeAndPending))), minRetryConcurrency)
  }
}
