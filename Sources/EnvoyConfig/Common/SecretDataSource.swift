import Glibc

/// A `DataSource` that holds a secret: its bytes are wiped when nobody holds them any more, and `/config_dump` never shows
/// where it is or what it says.
package struct SecretDataSource: Sendable {
  package let specifier: DataSource.Specifier
  /// What the source held when it was loaded.
  package let secret: SecretBytes
  package let origin: SourceLocation

  /// Takes the bytes out of `source` and wipes them there.
  init(_ source: inout DataSource) {
    specifier = source.specifier
    origin = source.origin
    secret = SecretBytes(wiping: &source.bytes)
  }
}

/// Bytes that are wiped when they are let go. Immutable until then.
///
/// `@unchecked` is sound: the buffer is written once, in `init`, and freed once, in `deinit`.
package final class SecretBytes: @unchecked Sendable {
  private let buffer: UnsafeMutableRawBufferPointer

  /// Takes the bytes of an array that nobody else holds, and wipes them there.
  package init(wiping bytes: inout [UInt8]) {
    buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    buffer.copyBytes(from: bytes)
    bytes.wipe()
    bytes = []
  }

  deinit {
    if let start = buffer.baseAddress { explicit_bzero(start, buffer.count) }
    buffer.deallocate()
  }

  package var count: Int { buffer.count }

  /// The bytes, valid while `body` runs.
  package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try body(UnsafeRawBufferPointer(buffer))
  }
}

extension [UInt8] {
  /// Overwrites a secret, in a way that no optimizer takes out.
  mutating func wipe() {
    withUnsafeMutableBytes { buffer in
      if let start = buffer.baseAddress { explicit_bzero(start, buffer.count) }
    }
  }
}

extension MessageReader {
  /// A field of the type `DataSource` that Envoy marks as sensitive.
  mutating func secretSource(_ name: StaticString, _ value: inout SecretDataSource?) {
    describe(name, "none")
    if let index = find(name) { value = context.secretSource(at: index) }
  }
}

extension DecodingContext {
  func secretSource(at index: Int) -> SecretDataSource {
    document.redact(index)
    var source: DataSource = decode(at: index)
    return SecretDataSource(&source)
  }
}
