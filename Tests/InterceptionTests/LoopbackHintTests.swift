import Glibc
import Reactor
import Testing

@testable import Interception

@Suite struct LoopbackHintTests {
  private func line(_ address: String, _ state: String = "0A") -> String {
    "   0: \(address) 00000000:0000 \(state) 00000000:00000000 00:00000000 00000000  1000        0 4242 1\n"
  }

  private func hinted(_ lines: String...) -> UInt16? {
    LoopbackHint.loopbackOnly([0x1F90], ListeningSockets("  sl  local_address rem_address   st\n" + lines.joined()))
  }

  private let ipv6Loopback = "00000000000000000000000001000000"
  private let mappedLoopback = "0000000000000000FFFF00000100007F"

  @Test func loopbackAlone() {
    #expect(hinted(line("0100007F:1F90")) == 8080)
    #expect(hinted(line("0500007F:1F90"), line("\(ipv6Loopback):1F90")) == 8080)
    #expect(hinted(line("\(mappedLoopback):1F90")) == 8080)
  }

  @Test func asTheKernelTells() throws {
    let listener = try Descriptor(checking: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0), "socket")
    try #require(listen(listener.number, 8) == 0)
    let port = try #require(Sockets.localAddress(listener.number)).port
    #expect(ListeningSockets.of(process: getpid())?.addresses(port: port).count == 1)
    #expect(ListeningSockets.of(process: -1) == nil)
  }

  @Test func othersAsWell() {
    #expect(hinted(line("00000000:1F90")) == nil)
    #expect(hinted(line("0100007F:1F90"), line("0200F40A:1F90")) == nil)
    #expect(hinted(line("00000000000000000000000000000000:1F90"), line("0100007F:1F90")) == nil)
  }

  @Test func nobodyThere() {
    #expect(hinted() == nil)
    #expect(hinted(line("0100007F:1F91")) == nil)
    #expect(hinted(line("0100007F:1F90", "01")) == nil)
  }

  @Test(arguments: ["0100007F", "0100007F:", ":1F90", "0100007G:1F90", "0100:1F90", "0100007F:1F901"])
  func oddLinesAreSkipped(address: String) {
    #expect(ListeningSockets(line(address)).addresses.isEmpty)
  }
}
