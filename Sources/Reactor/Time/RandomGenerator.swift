import CLinux
import Glibc

/// A worker's source of chance: xoshiro256** (Blackman and Vigna), seeded from the kernel or, to replay a run, by hand.
/// Not for secrets.
public struct RandomGenerator: RandomNumberGenerator {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  package init(seed: UInt64) {
    var mixer = seed
    func next() -> UInt64 {
      mixer &+= 0x9e37_79b9_7f4a_7c15
      var value = mixer
      value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
      value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
      return value ^ (value >> 31)
    }
    state = (next(), next(), next(), next())
  }

  /// Seeded by the kernel.
  package init() {
    var seed: UInt64 = 0
    if getrandom(&seed, MemoryLayout<UInt64>.size, 0) != MemoryLayout<UInt64>.size {
      seed = UInt64(bitPattern: Clock.system.wallNanoseconds)
    }
    self.init(seed: seed)
  }

  public mutating func next() -> UInt64 {
    let scrambled = state.1 &* 5
    let result = ((scrambled << 7) | (scrambled >> 57)) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = (state.3 << 45) | (state.3 >> 19)
    return result
  }

  /// A number in 0..<bound; 0 for a bound of 0. The bias for bounds below 2^32 is under 2^-32.
  package mutating func below(_ bound: Int) -> Int {
    bound <= 0 ? 0 : Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }
}
