import Glibc

/// Work that waits for something, on threads of its own: as many as it needs, up to a limit. Whichever is free takes what
/// has waited longest, so that slow work holds up one thread and not those behind it. It needs no descriptor.
///
/// Its threads last as long as the process. Sound as `@unchecked Sendable`: the state is touched between locking and
/// unlocking only.
package final class WorkQueue: @unchecked Sendable {
  package typealias Job = @Sendable () -> Void

  private let name: String
  private let limit: Int
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let arrived: UnsafeMutablePointer<pthread_cond_t>
  private var jobs: [Job] = []
  private var threads = 0
  private var waiting = 0

  package init(name: String, threads limit: Int) {
    self.name = name
    self.limit = limit
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
    arrived = .allocate(capacity: 1)
    arrived.initialize(to: pthread_cond_t())
    pthread_cond_init(arrived, nil)
  }

  deinit {
    pthread_cond_destroy(arrived)
    pthread_mutex_destroy(mutex)
    arrived.deallocate()
    mutex.deallocate()
  }

  /// - Throws: there is no thread yet and the system has none; the job will not run.
  package func post(_ job: @escaping Job) throws(SystemError) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    if waiting <= jobs.count, threads < limit {
      do {
        _ = try Thread(name: "\(name)_\(threads)") { [self] in run() }
        threads += 1
      } catch {
        if threads == 0 { throw error }
      }
    }
    jobs.append(job)
    pthread_cond_signal(arrived)
  }

  private func run() {
    while true { next()() }
  }

  private func next() -> Job {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    waiting += 1
    while jobs.isEmpty { pthread_cond_wait(arrived, mutex) }
    waiting -= 1
    return jobs.removeFirst()
  }
}
