import Glibc
import Reactor

/// Bytes of a format, kept by its arena.
package struct SubstitutionBytes: @unchecked Sendable {
  // Sound: the arena's bytes never change, and a format holds its arena as long as its operators.
  private let start: UnsafePointer<UInt8>
  private let count: Int

  fileprivate init(start: UnsafePointer<UInt8>, count: Int) {
    self.start = start
    self.count = count
  }

  /// Valid as long as the format.
  package var view: ByteView { ByteView(start: start, count: count) }

  package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { body(view.buffer) }
}

/// What the operators of a format point to, so that they are plain values: going through them counts no references,
/// which would cost more than writing the line.
final class SubstitutionArena: @unchecked Sendable {
  // Sound: filled while one thread compiles the format, and only read from then on.
  private(set) var timeFormats: [TimeFormat] = []
  private(set) var metadataPaths: [MetadataPath] = []
  private var blocks: [UnsafeMutablePointer<UInt8>] = []

  deinit {
    for block in blocks { block.deallocate() }
  }

  func keep(_ bytes: [UInt8]) -> SubstitutionBytes {
    let block = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, bytes.count))
    block.initialize(repeating: 0, count: max(1, bytes.count))
    block.update(from: bytes, count: bytes.count)
    blocks.append(block)
    return SubstitutionBytes(start: UnsafePointer(block), count: bytes.count)
  }

  /// The number by which `metadataPaths` has it.
  func keep(_ path: MetadataPath) -> Int {
    metadataPaths.append(path)
    return metadataPaths.count - 1
  }

  /// The number by which `timeFormats` has it; nil for the default format.
  func keep(_ format: TimeFormat) -> Int? {
    if format.parts.isEmpty { return nil }
    timeFormats.append(format)
    return timeFormats.count - 1
  }
}
