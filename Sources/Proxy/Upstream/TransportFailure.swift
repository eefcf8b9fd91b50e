import Glibc
import Reactor
import Security
import Telemetry

/// Why a connection to an upstream was not made, or was lost, as logs and details tell it.
enum TransportFailure: Equatable {
  case none
  /// The system's call failed (errno).
  case system(Int32)
  /// TLS failed; in words.
  case tls(String)

  /// "delayed connect error: Connection refused", or what TLS says; false for nothing.
  func append(to output: inout TextBuffer) -> Bool {
    switch self {
    case .none: return false
    case .system(let code):
      output.append("delayed connect error: ")
      output.append(String(cString: strerror(code)))
    case .tls(let reason): output.append(reason)
    }
    return true
  }
}

extension TransportFailure {
  /// A connection's end, as far as it is one of its transport's.
  /// - Parameters:
  ///   - transport: what the connection speaks TLS with; nil for plain text.
  ///   - established: the handshake was done.
  init(_ event: ConnectionCloseEvent, _ transport: TransportSocket?, established: Bool) {
    switch event {
    case .transportFailure: self = .tls(Self.text(of: transport))
    case .remoteFailure(let code) where transport != nil && !established:
      self = .tls("TLS error: \(String(cString: strerror(code)))")
    case .connectFailure(let code), .remoteFailure(let code): self = .system(code)
    case .remoteClose, .localClose: self = .none
    }
  }

  /// Why a transport socket failed.
  static func text(of transport: TransportSocket?) -> String {
    (transport as? TLSSession)?.failureText ?? transport?.failureReason ?? ""
  }
}

extension TLSSession {
  /// What went wrong, beginning with "TLS error" as Envoy's texts do; empty where nothing did, or where the peer just went.
  var failureText: String {
    guard let failure, failure.counter != nil else { return "" }
    return failure.reason.hasPrefix("TLS error") ? failure.reason : "TLS error: \(failure.reason)"
  }
}
