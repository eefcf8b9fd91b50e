import Glibc

/// memcpy(3) for what is mostly short: up to 16 bytes without a call, by two words that may overlap. The runs do not.
@inlinable
public func copyBytes(from source: UnsafePointer<UInt8>, count: Int, to target: UnsafeMutablePointer<UInt8>) {
  let from = UnsafeRawPointer(source)
  let to = UnsafeMutableRawPointer(target)
  if count > 16 {
    memcpy(to, from, count)
  } else if count >= 8 {
    let words = (from.loadUnaligned(as: UInt64.self), (from + (count &- 8)).loadUnaligned(as: UInt64.self))
    to.storeBytes(of: words.0, as: UInt64.self)
    (to + (count &- 8)).storeBytes(of: words.1, as: UInt64.self)
  } else if count >= 4 {
    let words = (from.loadUnaligned(as: UInt32.self), (from + (count &- 4)).loadUnaligned(as: UInt32.self))
    to.storeBytes(of: words.0, as: UInt32.self)
    (to + (count &- 4)).storeBytes(of: words.1, as: UInt32.self)
  } else {
    var index = 0
    while index < count {
      target[index] = source[index]
      index &+= 1
    }
  }
}
