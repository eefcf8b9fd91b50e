/// A reference that is used without a retain and a release around each call, which cost as much as a small function does:
/// something else keeps the object alive for longer than any use. Who holds one says what does.
///
/// What makes most of them sound is the turn: what a connection or a stream lets go of in a turn of the loop lives to its
/// end (``EventLoop/release(_:)``), so that no method finds its own object gone from under it.
@frozen
public struct Unretained<Object: AnyObject> {
  @usableFromInline let reference: Unmanaged<Object>

  @inlinable
  @inline(__always)
  public init(_ object: Object) { reference = .passUnretained(object) }

  /// The object that C was given as a pointer (`Unmanaged.toOpaque()`).
  @inlinable
  @inline(__always)
  public init(opaque pointer: UnsafeMutableRawPointer) { reference = .fromOpaque(pointer) }

  /// Calls `body` with the object, which must not leave it.
  @inlinable
  @inline(__always)
  public func use<Result>(_ body: (Object) -> Result) -> Result { reference._withUnsafeGuaranteedRef(body) }

  /// The object, retained for as long as the caller has it.
  @inlinable
  public var object: Object { reference.takeUnretainedValue() }
}

extension Optional where Wrapped: AnyObject {
  /// The object for a use without a retain; who calls answers for it that the object outlives the use.
  @inlinable
  @inline(__always)
  public var unretained: Unretained<Wrapped>? {
    guard let object = self else { return nil }
    return Unretained(object)
  }
}
