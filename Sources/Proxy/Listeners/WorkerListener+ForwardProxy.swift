import Reactor

/// A connection that waits for its way to be found.
protocol ForwardClient: AnyObject {
  var remoteAddress: SocketAddress? { get }
  /// Whether it carries one request only, since the next may be for another.
  var carriesOneRequest: Bool { get }

  /// Its way is found.
  /// - Returns: the connection, where it still stands.
  func finish() -> Descriptor?

  /// There is no way.
  /// - Parameters:
  ///   - status: HTTP's.
  ///   - reason: a sentence without its full stop.
  func refuse(_ status: Int, _ reason: String)

  /// It is over.
  func end()
}

/// A capturing listener whose clients take it for their forward proxy.
extension WorkerListener {
  /// A client has said where it wants to go.
  func forward(_ client: any ForwardClient, to target: ForwardTarget) {
    guard !isStopped, case .forwardProxy(let policy) = info.capture?.entrance else { return client.end() }
    let arrival = Arrival(
      remote: client.remoteAddress, oneRequestElse: client.carriesOneRequest ? policy.requestListener : nil)
    switch policy.decide(target) {
    case .serve(let destination): hand(client, arrival, to: self, destination)
    case .hand(let name, let destination):
      guard let other = worker.listener(named: name), !other.isStopped else { return client.end() }
      hand(client, arrival, to: other, destination)
    case .resolve(let name): lookUp(name, client, port: target.port)
    case .refuse(let reason): client.refuse(403, reason)
    }
  }

  private func hand(
    _ client: any ForwardClient, _ arrival: Arrival, to listener: WorkerListener, _ destination: SocketAddress
  ) {
    guard let socket = client.finish() else { return }
    var arrival = arrival
    arrival.destination = destination
    listener === self ? serve(socket, arrival) : listener.begin(socket, arrival)
  }

  private func lookUp(_ name: String, _ client: any ForwardClient, port: UInt16) {
    let isAsked = lookUp(name) { [unowned self] address in
      if isStopped { return client.end() }
      guard let address else { return client.refuse(502, "the host's resolver knows no address of '\(name)'") }
      forward(client, to: ForwardTarget(address.with(port: port)))
    }
    if !isAsked { client.refuse(503, "too many names are being looked up") }
  }
}
