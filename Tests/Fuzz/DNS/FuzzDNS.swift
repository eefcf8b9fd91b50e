import EnvoyConfig
import Interception

/// What an app may send to port 53. Input: a byte of flags, a byte that says how many addresses the host's resolver
/// finds, and the message. Whatever comes is read or refused; each reply keeps to its limit, and is a reply to just that question.
func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let data, count > 2 else { return 0 }
  let (flags, found) = (data[0], Int(data[1]))
  let message = Array(UnsafeBufferPointer(start: data + 2, count: count - 2))
  do throws(DNSQuestion.Failure) {
    let question = try DNSQuestion(message)
    answer(question, flags)
    let address: [UInt8] = Array(repeating: 1, count: flags & 1 == 0 ? 4 : 16)
    let addresses = Array(repeating: address, count: found)
    let limit = flags & 2 == 0 ? question.udpLimit : 65_535
    check(DNSReply.make(addresses: addresses, timeToLive: 5, to: question, limit: limit), question, limit)
    check(DNSReply.truncated(question), question, question.udpLimit)
  } catch {
    switch error {
    case .ignored: break
    case .malformed(let id), .notImplemented(let id):
      let reply = DNSReply.make(.malformed, id: id)
      precondition(reply.count == 12 && reply.prefix(2) == message.prefix(2), "a refusal of another query")
    }
  }
  return 0
}

private let addresses = VirtualAddresses()

/// Names that the configuration routes by, of each kind.
private let names: RoutedNames = {
  var host = VirtualHost()
  host.domains = ["a.b", "*.w", "*-v.x", "p.*"]
  var manager = HttpConnectionManager()
  manager.routeConfig.virtualHosts = [host]
  var chain = FilterChain()
  chain.filters = [Filter(name: "http", config: .httpConnectionManager(manager))]
  var listener = Listener()
  listener.name = "out"
  listener.address = .socketAddress(SocketAddress(address: "0.0.0.0", portValue: 15_001))
  listener.trafficDirection = .outbound
  listener.useOriginalDst = true
  listener.filterChains = [chain]
  var bootstrap = Bootstrap()
  bootstrap.staticResources.listeners = [listener]
  let names = InterceptionPlan(bootstrap, hostPorts: []).names
  precondition(names.contains("a.b") && names.contains("any.w"), "no names to look for")
  return names
}()

private func answer(_ question: DNSQuestion, _ flags: UInt8) {
  let responder = DNSResponder(
    names, addresses, policy: flags & 4 == 0 ? .allowAny : .registryOnly, hasIPv6: flags & 8 == 0,
    hostHasIPv6: flags & 16 == 0)
  guard case .reply(let reply) = responder.answer(question, limit: question.udpLimit) else {
    precondition(flags & 4 == 0, "only the file's names are answered, and this was asked elsewhere")
    return
  }
  check(reply, question, question.udpLimit)
}

/// A reply is as long as it may be, says whose it is, and holds what it counts.
private func check(_ reply: [UInt8], _ question: DNSQuestion, _ limit: Int) {
  precondition(reply.count <= limit, "longer than \(limit)")
  precondition(reply[0] == question.message[0] && reply[1] == question.message[1], "another id")
  precondition(reply[2] & 0x80 != 0, "no reply")
  precondition(reply.dropFirst(12).starts(with: question.section), "another question")
  // Read as a query it asks the same.
  var query = reply
  query[2] &= 0x79
  query[7] = 0
  let again = try? DNSQuestion(query)
  precondition(again?.name == question.name && again?.type == question.type, "its question cannot be read")
  var rest = reply.dropFirst(12 + question.section.count)
  for _ in 0..<(Int(reply[6]) << 8 | Int(reply[7])) {
    precondition(rest.count >= 12 && rest.starts(with: [0xc0, 12]), "fewer records than it says")
    rest = rest.dropFirst(12 + Int(rest[rest.startIndex + 11]))
  }
  precondition(rest.isEmpty, "bytes behind its records")
}
