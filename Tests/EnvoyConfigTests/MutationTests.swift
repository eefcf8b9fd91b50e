import EnvoyConfig
import Testing

/// No bytes stop the decoder: valid files with random damage, the same at every run.
@Suite struct MutationTests {
  @Test(arguments: CaseFiles.names(in: "Accepted"))
  func damagedFilesAreAnswered(name: String) throws {
    let original = try CaseFiles.read(CaseFiles.folder + "Accepted/" + name)
    var random = SplitMix64(state: 20_250_707)
    for _ in 0..<150 {
      var bytes = original
      for _ in 0...Int.random(in: 0..<4, using: &random) { damage(&bytes, &random) }
      for isYAML in [true, false] {
        guard case .failure(let errors) = loadBootstrap(text: bytes, file: "t", isYAML: isYAML) else { continue }
        #expect(!errors.errors.isEmpty)
        #expect(errors.errors.allSatisfy { $0.location.line > 0 && $0.location.column > 0 })
      }
    }
  }

  private func damage(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
    guard !bytes.isEmpty else { return }
    let place = Int.random(in: 0..<bytes.count, using: &random)
    let end = min(bytes.count, place + Int.random(in: 1...40, using: &random))
    switch Int.random(in: 0..<6, using: &random) {
    case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes.removeSubrange(place..<end)
    case 2: bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &random))
    case 3: bytes.insert(Array("{}[]\",:\\*&-#".utf8).randomElement(using: &random) ?? 0, at: place)
    case 4: bytes.replaceSubrange(place..<end, with: "-99999999999999999999e999".utf8)
    default: bytes.removeSubrange(place...)
    }
  }
}

/// A small generator with a seed (Steele, Lea, Flood: SplitMix64).
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
