import COpenSSL

/// Which of several certificates a client gets, as Envoy chooses: by the name that it asks for (exact, then with the
/// first label as wildcard), an ECDSA one where it can verify that; else the first.
struct CertificateSelector {
  private var exact: [String: Pair] = [:]
  /// By what follows "*".
  private var wildcard: [String: Pair] = [:]
  private var any = Pair()
  private let fullScan: Bool

  /// The first certificate of each kind, by index.
  private struct Pair {
    var ecdsa: Int?
    var other: Int?

    mutating func add(_ index: Int, isECDSA: Bool) {
      if isECDSA { ecdsa = ecdsa ?? index } else { other = other ?? index }
    }

    /// Nil where the client cannot use what there is.
    func choose(ecdsaCapable: Bool) -> Int? { ecdsaCapable ? ecdsa ?? other : other }
  }

  init(_ certificates: [LoadedCertificate], fullScan: Bool) {
    self.fullScan = fullScan
    for (index, certificate) in certificates.enumerated() {
      any.add(index, isECDSA: certificate.isECDSA)
      for name in Self.names(certificate.leaf) {
        if name.hasPrefix("*.") {
          wildcard[String(name.dropFirst()), default: Pair()].add(index, isECDSA: certificate.isECDSA)
        } else {
          exact[name, default: Pair()].add(index, isECDSA: certificate.isECDSA)
        }
      }
    }
  }

  /// DNS names; the common name only where there are none.
  private static func names(_ certificate: OpaquePointer) -> [String] {
    let names = SubjectAltName.all(of: certificate).filter { $0.kind == .dns }.map { $0.value.lowercased() }
    return names.isEmpty ? X509Fields.commonName(certificate).map { [$0.lowercased()] } ?? [] : names
  }

  func choose(serverName: String, ecdsaCapable: Bool) -> Int {
    if !serverName.isEmpty {
      if let found = exact[serverName]?.choose(ecdsaCapable: ecdsaCapable) { return found }
      if let dot = serverName.firstIndex(of: "."),
        let found = wildcard[String(serverName[dot...])]?.choose(ecdsaCapable: ecdsaCapable)
      {
        return found
      }
    }
    if serverName.isEmpty || fullScan { return any.choose(ecdsaCapable: ecdsaCapable) ?? 0 }
    return 0
  }
}

/// What a ClientHello says about certificates; valid during OpenSSL's callback for it.
struct ClientHelloView {
  private let ssl: OpaquePointer

  init(_ ssl: OpaquePointer) { self.ssl = ssl }

  /// Before OpenSSL chooses anything: the certificate, and whose order of ciphers counts.
  static let callback:
    @convention(c) (OpaquePointer?, UnsafeMutablePointer<Int32>?, UnsafeMutableRawPointer?) -> Int32 =
      { ssl, _, _ in
        guard let ssl, let context = TLSSession.of(ssl)?.context else { return SSL_CLIENT_HELLO_SUCCESS }
        let hello = ClientHelloView(ssl)
        if context.takesClientOrder, hello.offersTLS13 { SSL_clear_options(ssl, pl_tls_OP_CIPHER_SERVER_PREFERENCE) }
        if let selector = context.selector {
          let index = selector.choose(serverName: hello.serverName.lowercased(), ecdsaCapable: hello.canECDSA)
          if index > 0 && index < context.contexts.count { SSL_set_SSL_CTX(ssl, context.contexts[index]) }
        }
        return SSL_CLIENT_HELLO_SUCCESS
      }

  private func content(_ type: Int32) -> UnsafeBufferPointer<UInt8>? {
    var start: UnsafePointer<UInt8>?
    var count = 0
    guard SSL_client_hello_get0_ext(ssl, UInt32(bitPattern: type), &start, &count) == 1 else { return nil }
    return UnsafeBufferPointer(start: start, count: count)
  }

  /// RFC 6066 §3: a list whose first entry is a host name; empty where there is none.
  var serverName: String {
    guard let bytes = content(TLSEXT_TYPE_server_name), bytes.count > 5, bytes[2] == 0 else { return "" }
    let length = Int(bytes[3]) << 8 | Int(bytes[4])
    guard length <= bytes.count - 5 else { return "" }
    return String(validating: bytes[5..<5 + length], as: UTF8.self) ?? ""
  }

  /// A list of 16-bit numbers behind its length in `lengthSize` bytes has `number`.
  private func list(_ bytes: UnsafeBufferPointer<UInt8>, behind lengthSize: Int, has number: UInt16) -> Bool {
    var index = lengthSize
    while index + 1 < bytes.count {
      if UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]) == number { return true }
      index += 2
    }
    return false
  }

  var offersTLS13: Bool {
    content(TLSEXT_TYPE_supported_versions).map { list($0, behind: 1, has: 0x0304) } ?? false
  }

  /// Envoy's rule: with TLS 1.3 the signature algorithms decide; before it the curve and the cipher suites too.
  var canECDSA: Bool {
    guard let algorithms = content(TLSEXT_TYPE_signature_algorithms), list(algorithms, behind: 2, has: 0x0403) else {
      return false
    }
    if offersTLS13 { return true }
    guard let groups = content(TLSEXT_TYPE_supported_groups), list(groups, behind: 2, has: 23) else { return false }
    var start: UnsafePointer<UInt8>?
    let count = SSL_client_hello_get0_ciphers(ssl, &start)
    let ciphers = UnsafeBufferPointer(start: start, count: count)
    return Self.ecdsaCipherSuites.contains { list(ciphers, behind: 0, has: $0) }
  }

  /// ECDHE_ECDSA with AES-GCM, ChaCha20 and AES-CBC (RFC 5289, RFC 7905, RFC 8422).
  private static let ecdsaCipherSuites: [UInt16] = [0xc02b, 0xc02c, 0xcca9, 0xc009, 0xc00a]
}
