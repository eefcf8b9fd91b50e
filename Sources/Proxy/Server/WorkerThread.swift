import Reactor
import Telemetry

/// A running worker, as the main loop sees it: a mailbox and a thread.
final class WorkerThread {
  let mailbox: Mailbox<Worker>
  private var thread: Thread?

  /// Starts the worker; it serves as soon as its thread runs.
  /// - Throws: no thread, no descriptor or no memory is left.
  init(
    index: Int, snapshot: Snapshot, listeningOn descriptors: [[Int32]], main: Mailbox<MainLoop>
  ) throws(SystemError) {
    let mailbox = try Mailbox<Worker>()
    self.mailbox = mailbox
    let shard = snapshot.store.makeShard()
    thread = try Thread(name: "wrk:worker_\(index)") {
      do throws(SystemError) {
        let worker = Worker(
          try EventLoop(), index: index, snapshot: snapshot, shard: shard, main: main, mailbox: mailbox)
        try mailbox.attach(to: worker.loop, worker)
        for (listener, sockets) in zip(snapshot.listeners, descriptors) {
          let served = try worker.listen(listener, on: sockets.first.map { Descriptor($0) })
          for socket in sockets.dropFirst() { try served.listen(on: Descriptor(socket)) }
        }
        worker.loop.run()
        worker.dismantle()
      } catch {
        main.post { $0.workerFailed(index, error) }
      }
    }
  }

  /// Waits until it has ended.
  func join() {
    if let thread = thread.take() { thread.join() }
  }
}
