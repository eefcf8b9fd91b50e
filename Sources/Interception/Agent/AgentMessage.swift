import CPillionNS
import Glibc
import Reactor

/// A message between the proxy and the agent, and the descriptors that came with it.
struct AgentMessage: ~Copyable {
  let type: UInt32
  let a: UInt32
  let b: UInt32
  let c: UInt32
  let text: String
  /// Ours until they are taken.
  private(set) var descriptors: [Int32]

  init(_ type: pl_ns_type, a: UInt32 = 0, b: UInt32 = 0, c: UInt32 = 0) {
    self.type = type.rawValue
    (self.a, self.b, self.c) = (a, b, c)
    text = ""
    descriptors = []
  }

  /// The next message. Nil at the end of the channel.
  /// - Throws: EAGAIN where none waits on a channel that does not block, or for too long on one that does.
  init?(from channel: Int32) throws(SystemError) {
    var message = pl_ns_message()
    var numbers = [Int32](repeating: -1, count: Int(PL_NS_MAX_FDS))
    var count = 0
    let result = pl_ns_receive(channel, &message, &numbers, numbers.count, &count)
    if result < 0 { throw SystemError("recvmsg", code: -result) }
    if result == 0 { return nil }
    type = message.header.type
    (a, b, c) = (message.header.a, message.header.b, message.header.c)
    text = withUnsafeBytes(of: &message.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    descriptors = Array(numbers.prefix(count))
  }

  deinit {
    for descriptor in descriptors { close(descriptor) }
  }

  mutating func takeDescriptors() -> [Int32] {
    defer { descriptors = [] }
    return descriptors
  }

  func send(to channel: Int32) throws(SystemError) {
    var message = pl_ns_message()
    message.header = pl_ns_header(type: type, a: a, b: b, c: c)
    let code = pl_ns_send(channel, &message, nil, 0)
    if code != 0 { throw SystemError("sendmsg", code: code) }
  }
}
