import EnvoyConfig
import Testing

@testable import Proxy

@Suite struct CircuitBreakerTests {
  @Test func aLimitHoldsExactlyItsMaximum() {
    let limit = ResourceLimit(max: 2)
    #expect(limit.tryAcquire() && limit.tryAcquire())
    #expect(!limit.hasRoom && !limit.tryAcquire())
    #expect(limit.current == 2 && limit.remaining == 0)
    limit.acquire()
    #expect(limit.current == 3 && limit.remaining == 0)
    limit.release()
    limit.release()
    #expect(limit.hasRoom && limit.tryAcquire())
  }

  @Test func aLimitOfNothingGivesNothing() {
    let limit = ResourceLimit(max: 0)
    #expect(!limit.hasRoom && !limit.tryAcquire() && limit.current == 0)
  }

  @Test func aLimitOfNothingIsOpenOnceItWasExceeded() {
    let limit = ResourceLimit(max: 0)
    #expect(!limit.isOpen)
    limit.acquire()
    limit.release()
    #expect(limit.isOpen)
    let usual = ResourceLimit(max: 1)
    usual.acquire()
    #expect(usual.isOpen)
    usual.release()
    #expect(!usual.isOpen)
  }

  @Test func defaults() {
    let breaker = CircuitBreaker(EnvoyConfig.CircuitBreakers().thresholds(for: .default))
    #expect(breaker.connections.max == 1024)
    #expect(breaker.pendingRequests.max == 1024)
    #expect(breaker.requests.max == 1024)
    #expect(breaker.maxRetries == 3)
    for _ in 0..<3 { #expect(breaker.tryAcquireRetry()) }
    #expect(!breaker.tryAcquireRetry() && breaker.activeRetries == 3)
    breaker.releaseRetry()
    #expect(breaker.tryAcquireRetry())
  }

  @Test func aBudgetGrowsWithTheRequests() {
    var thresholds = EnvoyConfig.CircuitBreakers.Thresholds()
    thresholds.maxRetries = 0
    thresholds.retryBudget = EnvoyConfig.CircuitBreakers.RetryBudget()
    let breaker = CircuitBreaker(thresholds)
    #expect(breaker.maxRetries == 3)
    for _ in 0..<20 { breaker.requests.acquire() }
    #expect(breaker.maxRetries == 4)
    for _ in 0..<9 { breaker.pendingRequests.acquire() }
    #expect(breaker.maxRetries == 5)
    for _ in 0..<5 { #expect(breaker.tryAcquireRetry()) }
    #expect(!breaker.tryAcquireRetry())
  }
}
