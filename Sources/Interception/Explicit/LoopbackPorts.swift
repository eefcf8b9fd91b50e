import Glibc
import Proxy
import Reactor

/// The ports of 127.0.0.1 by which an app comes that stays on the host: that of its forward proxy, and one for each `{name:port}`
/// of its variables. They are the app's alone for as long as it runs.
struct LoopbackPorts {
  /// Of the forward proxy.
  let proxy: DescriptorList
  let proxyPort: UInt16
  private(set) var targets: [ForwardTarget: (sockets: DescriptorList, address: SocketAddress)] = [:]

  /// - Throws: there is no port left.
  init(_ targets: some Sequence<ForwardTarget>) throws(SystemError) {
    let (proxy, address) = try Self.bind()
    self.proxy = proxy
    proxyPort = address.port
    for target in targets where self.targets[target] == nil { self.targets[target] = try Self.bind() }
  }

  /// The variables that tell the app of them.
  /// - Parameters:
  ///   - users: what the user wants beside them, or else.
  ///   - environment: the user's own variable of a name.
  func variables(_ users: [AppVariable], environment: (String) -> String?) -> [String] {
    let named = AppVariable.environment(users) { targets[$0]?.address.description }
    let taken = Set(users.map(\.name))
    let own = ProxyVariables.make(port: proxyPort, user: environment).filter { !taken.contains($0.name) }
    return own.map { "\($0.name)=\($0.value)" } + named
  }

  /// For the log.
  var description: String {
    let named = targets.sorted { $0.value.address.port < $1.value.address.port }
    return (["a forward proxy on port \(proxyPort)"] + named.map { "\($0.key) on port \($0.value.address.port)" })
      .joined(separator: ", ")
  }

  private static func bind() throws(SystemError) -> (DescriptorList, SocketAddress) {
    guard let any = SocketAddress(ip: "127.0.0.1", port: 0) else { throw SystemError("bind", code: EADDRNOTAVAIL) }
    let socket = try Sockets.bind(to: any, reusePort: false)
    guard let address = Sockets.localAddress(socket.number) else { throw SystemError("getsockname") }
    let list = DescriptorList()
    list.numbers = [socket.release()]
    return (list, address)
  }
}
