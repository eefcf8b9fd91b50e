import CLinux
import CPillionNS
import Glibc
import Reactor

/// Answers the trapped calls of an app and all its processes, on a thread of its own, until it is stopped or they are gone.
package final class TrapSupervisor {
  private var thread: Thread?
  private let wake: Int32

  /// - Parameter notifications: taken over.
  /// - Throws: no descriptor or thread left; a kernel whose structures are not known.
  package init(_ notifications: consuming Descriptor, _ rules: TrapRules) throws(SystemError) {
    try TrapNotifications.prepare(notifications)
    let wake = try Descriptor(checking: eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC)), "eventfd").release()
    self.wake = wake
    // A closure cannot own what cannot be copied. Without the thread the descriptor goes with us.
    let number = notifications.release()
    do throws(SystemError) {
      thread = try Thread(name: "trap") {
        TrapLoop(TrapNotifications(Descriptor(number)), rules, wake: wake).run()
      }
    } catch {
      close(number)
      throw error
    }
  }

  /// Calls that still wait fail with ENOSYS, and so do all that come.
  package func stop() {
    guard let thread = thread.take() else { return }
    eventfd_write(wake, 1)
    thread.join()
  }

  deinit {
    stop()
    close(wake)
  }
}

/// The thread.
private final class TrapLoop {
  /// Connects that wait for room in the capture socket's queue, at most.
  private static let pendingLimit = 1024
  /// Of one sendmmsg, as of the kernel's.
  private static let messageLimit: UInt32 = 1024
  /// Between looks at whether those who wait are still there.
  private static let lookMilliseconds: Int32 = 1000

  private let notifications: TrapNotifications
  private let rules: TrapRules
  private let wake: Int32
  /// The cookie of our own network namespace.
  private let network: UInt64
  private var pending: [TrapConnection] = []
  private var warnings = TrapWarnings()

  init(_ notifications: consuming TrapNotifications, _ rules: TrapRules, wake: Int32) {
    self.notifications = notifications
    self.rules = rules
    self.wake = wake
    network = Self.ownNetwork()
  }

  private static func ownNetwork() -> UInt64 {
    let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard let probe = try? Descriptor(checking: socket(AF_INET, type, 0), "socket") else { return 0 }
    var facts = pl_ns_socket()
    return pl_ns_inspect_socket(probe.number, &facts) == 0 ? facts.network : 0
  }

  func run() {
    let readable = Int16(POLLIN)
    while true {
      var waiting = [
        pollfd(fd: notifications.number, events: readable, revents: 0), pollfd(fd: wake, events: readable, revents: 0),
      ]
      for connection in pending {
        waiting.append(pollfd(fd: connection.descriptor, events: Int16(POLLOUT), revents: 0))
      }
      let count = poll(&waiting, nfds_t(waiting.count), pending.isEmpty ? -1 : Self.lookMilliseconds)
      if count < 0 { continue }
      if waiting[1].revents != 0 { return }
      finishPending(waiting.dropFirst(2).map { $0.revents != 0 || count == 0 })
      if waiting[0].revents & readable != 0 {
        if let call = notifications.receive() { handle(call) }
      } else if waiting[0].revents != 0 {
        // All who could call have ended.
        return
      }
    }
  }

  // MARK: Calls

  private func handle(_ call: pl_ns_call) {
    let process = TrappedProcess(call)
    if call.kind == PL_NS_RECVFROM { return receive(call, process) }
    if call.kind == PL_NS_SENDMSG { return send(call, process) }
    let flags = call.kind == PL_NS_SENDTO ? call.flags : nil
    do throws(SystemError) {
      let address = try process.address()
      guard let decision = rules.decide(address, sendFlags: flags) else {
        return handle(call, process, address, flags)
      }
      carryOut(decision, call, process, address)
    } catch {
      unreadable(error, call, process)
    }
  }

  private func unreadable(_ error: SystemError, _ call: pl_ns_call, _ process: TrappedProcess) {
    if error.code == EPERM {
      warnings.sayOfClosedMemory(call.task, isRefused: rules.decisionOnUnreadable != .proceed)
    }
    // Where there is no memory, the kernel says so itself.
    carryOut(error.code == EFAULT ? .proceed : rules.decisionOnUnreadable, call, process, .other)
  }

  /// What becomes of it depends on the socket.
  private func handle(_ call: pl_ns_call, _ process: TrappedProcess, _ address: TrappedAddress, _ flags: UInt32?) {
    do throws(SystemError) {
      let socket = try process.takeSocket()
      guard let facts = TrappedSocket(socket, network: network) else { return notifications.proceed(call.id) }
      let decision = rules.decide(address, sendFlags: flags, facts) ?? .proceed
      if case .redirect(let target) = decision, case .ip(_, let isIPv6) = address, call.kind == PL_NS_CONNECT {
        return connect(call, socket, to: TrappedAddress.form(of: target, isIPv6: isIPv6), isIPv6: isIPv6)
      }
      // Before the app goes on: what it closes then is closed.
      _ = consume socket
      carryOut(decision, call, process, address)
    } catch {
      if error.code == EBADF { return notifications.proceed(call.id) }
      carryOut(rules.decide(address, sendFlags: flags, process.describeSocket()) ?? .proceed, call, process, address)
    }
  }

  private func carryOut(
    _ decision: TrapDecision, _ call: pl_ns_call, _ process: TrappedProcess, _ address: TrappedAddress
  ) {
    switch decision {
    case .proceed: notifications.proceed(call.id)
    case .refuse(let code): notifications.answer(call.id, code)
    case .unreachable(let obstacle):
      warnings.say(obstacle, call.task)
      notifications.answer(call.id, ENETUNREACH)
    case .redirect(let target):
      guard case .ip(_, let isIPv6) = address, notifications.isValid(call.id) else { return }
      do throws(SystemError) {
        try process.rewrite(target, isIPv6: isIPv6)
        notifications.proceed(call.id)
      } catch {
        // The address lies in memory that cannot be written, such as a constant.
        notifications.answer(call.id, EACCES)
      }
    }
  }

  /// Messages that may have an address each: all are sent, or none.
  private func send(_ call: pl_ns_call, _ process: TrappedProcess) {
    do throws(SystemError) {
      var redirects: [(message: TrappedProcess, target: SocketAddress, isIPv6: Bool)] = []
      for index in 0..<min(call.count, Self.messageLimit) {
        let message = try process.message(index)
        let address = try message.address()
        switch decide(address, process) {
        case .proceed: break
        case .redirect(let target):
          if case .ip(_, let isIPv6) = address { redirects.append((message, target, isIPv6)) }
        case let refusal: return carryOut(refusal, call, process, address)
        }
      }
      guard redirects.isEmpty || notifications.isValid(call.id) else { return }
      for redirect in redirects { try redirect.message.rewrite(redirect.target, isIPv6: redirect.isIPv6) }
      notifications.proceed(call.id)
    } catch {
      if error.call == "process_vm_writev" { return notifications.answer(call.id, EACCES) }
      unreadable(error, call, process)
    }
  }

  private func decide(_ address: TrappedAddress, _ process: TrappedProcess) -> TrapDecision {
    let flags = process.call.flags
    if let decision = rules.decide(address, sendFlags: flags) { return decision }
    let facts: TrappedSocket? =
      if let socket = try? process.takeSocket() { TrappedSocket(socket, network: network) } else {
        process.describeSocket()
      }
    return facts.flatMap { rules.decide(address, sendFlags: flags, $0) } ?? .proceed
  }

  /// Whoever asked by way of a token finds the answer to come from where it asked.
  private func receive(_ call: pl_ns_call, _ process: TrappedProcess) {
    guard let socket = try? process.takeSocket(), let asked = Sockets.remoteAddress(socket.number).flatMap(rules.asked),
      notifications.isValid(call.id)
    else { return notifications.proceed(call.id) }
    switch process.receive(socket, from: asked) {
    case .bytes(let count): notifications.answer(call.id, value: count)
    case .failure(let code): notifications.answer(call.id, code)
    case .hasToWait: notifications.proceed(call.id)
    }
  }

  // MARK: Connects of ours

  private func connect(_ call: pl_ns_call, _ socket: consuming Descriptor, to target: SocketAddress, isIPv6: Bool) {
    guard notifications.isValid(call.id) else { return }
    // On a socket for IPv6 alone there would be no way; one that is bound keeps it so, and has none.
    if isIPv6 { Sockets.set(socket.number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
    var connection: TrapConnection? = TrapConnection(call.id, socket, target)
    var code = connection?.attempt()
    if code == nil, pending.count == Self.pendingLimit { code = ENOBUFS }
    if let code {
      connection = nil
      notifications.answer(call.id, code)
    } else if let connection {
      pending.append(connection)
    }
  }

  /// - Parameter due: of each, whether to look at it.
  private func finishPending(_ due: [Bool]) {
    if pending.isEmpty { return }
    pending = zip(pending, due).compactMap { connection, isDue in
      guard isDue else { return connection }
      guard notifications.isValid(connection.id) else { return nil }
      guard let code = connection.attempt() else { return connection }
      notifications.answer(connection.id, code)
      return nil
    }
  }
}
