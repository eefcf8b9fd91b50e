import ArgumentParser
import Security

/// How long a certificate lives: "24h", "90d", "30m", "45s".
struct CALife: ExpressibleByArgument {
  let seconds: Int64

  static let hour: Int64 = 3600
  static let day: Int64 = 86_400

  init(seconds: Int64) { self.seconds = seconds }

  init?(argument: String) {
    let units: [(Character, Int64)] = [("s", 1), ("m", 60), ("h", Self.hour), ("d", Self.day)]
    let longest = 36_500 * Self.day
    guard let unit = units.first(where: { $0.0 == argument.last })?.1, argument.utf8.first != UInt8(ascii: "+"),
      let count = Int64(argument.dropLast()), 1...longest / unit ~= count
    else { return nil }
    seconds = count * unit
  }

  var defaultValueDescription: String {
    seconds % Self.day == 0 && seconds > Self.day ? "\(seconds / Self.day)d" : "\(seconds / Self.hour)h"
  }
}

/// The kind of key.
enum CAKeyKind: String, ExpressibleByArgument, CaseIterable {
  case p256
  case rsa2048
  case rsa3072
  case rsa4096

  var kind: KeyKind {
    switch self {
    case .p256: .p256
    case .rsa2048: .rsa(bits: 2048)
    case .rsa3072: .rsa(bits: 3072)
    case .rsa4096: .rsa(bits: 4096)
    }
  }
}

/// A value whose text is wrong is wrong usage.
func checkingUsage<R>(_ body: () throws(AuthorityError) -> R) throws -> R {
  do {
    return try body()
  } catch {
    throw ValidationError(error.description)
  }
}
