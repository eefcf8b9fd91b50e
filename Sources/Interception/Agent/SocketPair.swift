import CPillionNS
import Reactor

/// Two ends of a channel to the agent; both close with this.
struct SocketPair: ~Copyable {
  let ours: Descriptor
  let theirs: Descriptor

  init() throws(SystemError) {
    var pair: (Int32, Int32) = (-1, -1)
    let code = withUnsafeMutableBytes(of: &pair) {
      pl_ns_socket_pair($0.baseAddress?.assumingMemoryBound(to: Int32.self))
    }
    if code != 0 { throw SystemError("socketpair", code: code) }
    ours = Descriptor(pair.0)
    theirs = Descriptor(pair.1)
  }
}
