import Reactor
import Testing

@testable import Interception

@Suite struct VirtualAddressesTests {
  private func address(_ bytes: [UInt8], port: UInt16 = 80) throws -> SocketAddress {
    let text =
      bytes.count == 4
      ? bytes.map { "\($0)" }.joined(separator: ".")
      : stride(from: 0, to: 16, by: 2).map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }
        .joined(separator: ":")
    return try #require(SocketAddress(ip: text, port: port))
  }

  @Test func areTheSameInEveryRun() {
    let names = (0..<200).map { "service-\($0).test" }
    let first = VirtualAddresses(names)
    let second = VirtualAddresses(names.shuffled())
    for name in names { #expect(first.pair(for: name) == second.pair(for: name)) }
  }

  @Test func noTwoNamesShareOne() {
    let addresses = VirtualAddresses()
    let numbers = (0..<5000).compactMap { addresses.pair(for: "name\($0)")?.number }
    #expect(Set(numbers).count == 5000)
    #expect(!numbers.contains(VirtualAddresses.host.number))
    #expect(!numbers.contains(0x000a))
  }

  @Test func tellWhoseTheyAre() throws {
    let addresses = VirtualAddresses(["a.test"])
    let pair = try #require(addresses.pair(for: "a.test"))
    #expect(addresses.name(of: try address(pair.ipv4)) == "a.test")
    #expect(addresses.name(of: try address(pair.ipv6)) == "a.test")
    #expect(addresses.name(of: try address([10, 240, pair.ipv4[2], pair.ipv4[3]])) == nil)
    #expect(VirtualAddresses.isHost(try address([240, 240, 255, 254])))
  }

  @Test func areLimited() {
    let addresses = VirtualAddresses()
    let given = (0..<60_100).count { addresses.pair(for: "\($0)") != nil }
    #expect(given == 60_000)
  }
}
