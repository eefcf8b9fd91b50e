import Reactor

/// What a mode has for the proxy.
struct CaptureSockets: ~Copyable {
  /// For the app's questions: over UDP bound, over TCP listening.
  struct DNS: ~Copyable {
    let udp: Descriptor
    let tcp: Descriptor
  }

  /// Of the listener that takes what the app sends out: bound.
  let captures: DescriptorList
  /// Nil where the app's names are resolved by others.
  var dns: DNS?
  /// Whether the app may be given addresses of IPv6.
  var hasIPv6 = true
  /// What has the app's datagrams, where they are relayed.
  var datagrams: Descriptor?
  /// By which ports of the host's are opened to the app and closed; empty where they stay as they are.
  var portChanges = DescriptorList()
  /// How connections are captured: for the log.
  let variant: String
}
