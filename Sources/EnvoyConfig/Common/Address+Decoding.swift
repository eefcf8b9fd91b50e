import Glibc

extension Address: ConfigMessage {
  static let typeName = "envoy.config.core.v3.Address"

  init(from reader: inout MessageReader) {
    self = .socketAddress(SocketAddress())
    let choice = reader.oneof(
      "address", isRequired: true, of: "socket_address", "pipe", unsupported: ["envoy_internal_address"])
    switch choice {
    case "socket_address":
      if let index = reader.find("socket_address") { self = .socketAddress(reader.context.decode(at: index)) }
    case "pipe":
      if let index = reader.find("pipe") { self = .pipe(reader.context.decode(at: index)) }
    default: break
    }
  }
}

extension SocketAddress: ConfigMessage {
  static let typeName = "envoy.config.core.v3.SocketAddress"

  /// `SocketAddress.Protocol`.
  enum TransportProtocol: ConfigEnum {
    case tcp

    static let values: [(name: StaticString, number: Int32, value: Self?)] = [("TCP", 0, .tcp), ("UDP", 1, nil)]
  }

  init(from reader: inout MessageReader) {
    var transport = TransportProtocol.tcp
    reader.enumeration("protocol", &transport)
    reader.string("address", &address, minLength: 1)
    if reader.oneof("port_specifier", isRequired: true, of: "port_value", unsupported: ["named_port"]) == "port_value",
      let index = reader.find("port_value")
    {
      portValue = reader.context.integer(at: index, in: 0...UInt16.max) ?? 0
    }
    reader.bool("ipv4_compat", &ipv4Compat)
    reader.unsupported("resolver_name", "network_namespace_filepath")
    if !address.isEmpty, reader.context.requiresLiteralAddresses, !isLiteral {
      reader.report(
        "address", "\"\(address)\" is no IP address",
        allowed: "an IPv4 or IPv6 address is allowed; only endpoints of a STRICT_DNS cluster have names")
    }
    if ipv4Compat, !address.hasPrefix("::ffff:"), address != "::" {
      reader.report("ipv4_compat", "is set for \(address)", allowed: "it is allowed for :: and IPv4-mapped addresses")
    }
  }

  /// Whether the address is a literal IPv4 or IPv6 address.
  package var isLiteral: Bool {
    var storage = in6_addr()
    return inet_pton(AF_INET, address, &storage) == 1 || inet_pton(AF_INET6, address, &storage) == 1
  }
}

extension Pipe: ConfigMessage {
  static let typeName = "envoy.config.core.v3.Pipe"

  init(from reader: inout MessageReader) {
    reader.string("path", &path, minLength: 1)
    reader.integer("mode", &mode, in: 0...511)
    if path.utf8.first == UInt8(ascii: "@"), mode != 0 {
      reader.report("mode", "is set for an abstract socket", allowed: "only a socket in the file system has a mode")
    }
    // sun_path has 108 bytes, the closing NUL among them.
    if path.utf8.count > 107 {
      reader.report("path", "has \(path.utf8.count) bytes", allowed: "at most 107 are allowed")
    }
  }
}

extension CidrRange: ConfigMessage {
  static let typeName = "envoy.config.core.v3.CidrRange"

  init(from reader: inout MessageReader) {
    reader.string("address_prefix", &addressPrefix, minLength: 1)
    reader.integer("prefix_len", &prefixLen, in: 0...128)
    if !addressPrefix.isEmpty && !SocketAddress(address: addressPrefix, portValue: 0).isLiteral {
      reader.report("address_prefix", "is \"\(addressPrefix)\"", allowed: "an IPv4 or IPv6 address is allowed")
    }
  }
}

extension CidrRange {
  /// A text that is the same for ranges of the same addresses: the family and the bits of the prefix. As in Envoy, a length
  /// beyond the address's own is that.
  var canonical: String {
    var bytes = [UInt8](repeating: 0, count: 16)
    let isIPv4 = bytes.withUnsafeMutableBytes { inet_pton(AF_INET, addressPrefix, $0.baseAddress) == 1 }
    let isIPv6 = !isIPv4 && bytes.withUnsafeMutableBytes { inet_pton(AF_INET6, addressPrefix, $0.baseAddress) == 1 }
    guard isIPv4 || isIPv6 else { return addressPrefix }
    let length = min(Int(prefixLen), isIPv4 ? 32 : 128)
    for index in bytes.indices {
      let bits = min(max(length - index * 8, 0), 8)
      bytes[index] &= UInt8(truncatingIfNeeded: 0xff00 >> bits)
    }
    return "\(isIPv4 ? 4 : 6) \(bytes)/\(length)"
  }
}

extension TcpKeepalive: ConfigMessage {
  static let typeName = "envoy.config.core.v3.TcpKeepalive"

  init(from reader: inout MessageReader) {
    reader.integer("keepalive_probes", &keepaliveProbes)
    reader.integer("keepalive_time", &keepaliveTime)
    reader.integer("keepalive_interval", &keepaliveInterval)
  }
}

/// `envoy.config.core.v3.Metadata`: kept as it stands.
struct Metadata: ConfigMessage {
  static let typeName = "envoy.config.core.v3.Metadata"
  private(set) var node: DocumentNode?
  /// `filter_metadata`, by namespace.
  private(set) var filterMetadata: [StructValue.Member] = []

  /// What stands under `envoy.transport_socket_match`.
  var transportSocketMatch: [StructValue.Member] {
    let match = filterMetadata.first { $0.name == "envoy.transport_socket_match" }
    guard case .object(let members) = match?.value else { return [] }
    return members
  }

  init(from reader: inout MessageReader) {
    node = reader.documentNode
    for entry in reader.map("filter_metadata") {
      let context = reader.context
      if context.document.nodes[entry.value].kind != .object {
        context.report(entry.value, context.found(entry.value), allowed: "an object is allowed")
      } else {
        let name = context.document.text(of: entry.key)
        filterMetadata.append(StructValue.Member(name: name, value: context.structValue(at: entry.value)))
      }
    }
    reader.unsupportedUnlessEmpty("typed_filter_metadata")
  }
}

extension MessageReader {
  mutating func metadata(_ value: inout DocumentNode?) {
    describe("metadata", "none")
    if let index = find("metadata") { value = context.decode(Metadata.self, at: index).node }
  }
}
