import CPillionNS
import Glibc
import Reactor

/// Answers the app's questions, on the main loop, over UDP and TCP.
package final class DNSServer: EventHandler {
  /// Questions that wait for the host's resolver, at most.
  private static let waitingLimit = 1024
  /// Datagrams taken in one turn before others get theirs.
  private static let datagramsPerTurn = 64
  private static let connectionLimit = 128

  private enum Asker {
    case datagram(pl_ns_peer)
    case connection(DNSConnection)
  }

  let loop: EventLoop
  private let responder: DNSResponder
  private let socket: Descriptor
  private var acceptor: Acceptor?
  private var registration: Registration?
  private let resolver: HostResolver
  private let mailbox: Mailbox<DNSServer>
  private var attachment: Registration?
  private var waiting: [UInt64: Asker] = [:]
  private var nextTicket: UInt64 = 0
  private var connections: [ObjectIdentifier: DNSConnection] = [:]
  private var buffer = [UInt8](repeating: 0, count: 65_535)

  init(
    _ loop: EventLoop, _ responder: DNSResponder, _ resolver: HostResolver, _ sockets: consuming CaptureSockets.DNS
  ) throws(SystemError) {
    self.loop = loop
    self.responder = responder
    self.resolver = resolver
    socket = sockets.udp
    mailbox = try Mailbox()
    super.init()
    attachment = try mailbox.attach(to: loop, self)
    registration = try loop.register(socket.number, self)
    acceptor = try Acceptor(
      loop, listeningOn: sockets.tcp, accepted: { [unowned self] socket, _ in accept(socket) }, failed: { _ in })
  }

  /// The app is gone: nobody asks any more.
  package func close() {
    if let registration { loop.unwatch(registration, socket.number) }
    registration = nil
    if let attachment { mailbox.detach(attachment, from: loop) }
    attachment = nil
    acceptor?.close()
    for connection in connections.values { connection.close() }
    waiting = [:]
  }

  // MARK: UDP

  package override func ready(_ readiness: Readiness) { receive() }

  package override func runLater() { receive() }

  private func receive() {
    for _ in 0..<Self.datagramsPerTurn {
      guard registration != nil else { return }
      var peer = pl_ns_peer()
      let count = pl_ns_receive_from(socket.number, &buffer, buffer.count, &peer)
      guard count >= 0, count <= buffer.count else { return }
      answer(Array(buffer[..<count]), .datagram(peer))
    }
    loop.later(self)
  }

  // MARK: TCP

  private func accept(_ socket: consuming Descriptor) {
    guard connections.count < Self.connectionLimit,
      let connection = try? Connection(loop, taking: socket, connecting: false)
    else { return }
    let served = DNSConnection(self, connection)
    connections[ObjectIdentifier(served)] = served
    served.start()
  }

  func remove(_ connection: DNSConnection) { connections[ObjectIdentifier(connection)] = nil }

  func answer(_ message: [UInt8], _ connection: DNSConnection) { answer(message, .connection(connection)) }

  // MARK: Answers

  private func answer(_ message: [UInt8], _ asker: Asker) {
    do throws(DNSQuestion.Failure) {
      let question = try DNSQuestion(message)
      let limit = limit(of: question, asker)
      switch responder.answer(question, limit: limit) {
      case .reply(let reply): send(reply, to: asker)
      case .forward: forward(question, limit, asker)
      }
    } catch {
      switch error {
      case .ignored: if case .connection(let connection) = asker { connection.ignore() }
      case .malformed(let id): send(DNSReply.make(.malformed, id: id), to: asker)
      case .notImplemented(let id): send(DNSReply.make(.notImplemented, id: id), to: asker)
      }
    }
  }

  private func limit(of question: DNSQuestion, _ asker: Asker) -> Int {
    if case .connection = asker { return buffer.count }
    return question.udpLimit
  }

  private func forward(_ question: DNSQuestion, _ limit: Int, _ asker: Asker) {
    guard waiting.count < Self.waitingLimit else { return send(DNSReply.make(.serverFailure, to: question), to: asker) }
    let ticket = nextTicket
    nextTicket &+= 1
    waiting[ticket] = asker
    let mailbox = mailbox
    do throws(SystemError) {
      try resolver.ask(question, limit: limit) { reply in mailbox.post { $0.resolved(ticket, reply) } }
    } catch {
      resolved(ticket, DNSReply.make(.serverFailure, to: question))
    }
  }

  private func resolved(_ ticket: UInt64, _ reply: [UInt8]) {
    if let asker = waiting.removeValue(forKey: ticket) { send(reply, to: asker) }
  }

  private func send(_ reply: [UInt8], to asker: Asker) {
    switch asker {
    // What cannot be sent is asked for again.
    case .datagram(var peer): _ = pl_ns_send_to(socket.number, reply, reply.count, &peer)
    case .connection(let connection): connection.send(reply)
    }
  }
}
