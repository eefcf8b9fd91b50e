import Security
import Telemetry

/// What a TLS session tells to a substitution format.
extension TLSSession {
  /// Appends the text, or nothing and returns false when there is none.
  func append(_ tls: SubstitutionTLS, to output: inout TextBuffer) -> Bool {
    switch tls {
    // As Envoy: before a version was agreed on it is the oldest that is spoken by default.
    case .version: output.append(ifAny: cipherName.isEmpty ? "TLSv1.2" : version)
    case .cipher: output.append(ifAny: cipherName)
    case .group: output.append(ifAny: curveName)
    case .sessionID: output.append(ifAny: version == "TLSv1.3" ? "" : sessionID)
    case .serverName: output.append(ifAny: serverName)
    case .localSubject: output.append(ifAny: localCertificate?.subject ?? "")
    case .localURISAN: append(local: .uri, to: &output)
    case .localDNSSAN: append(local: .dns, to: &output)
    case .localIPSAN: append(local: .ip, to: &output)
    case .localEmailSAN: append(local: .email, to: &output)
    default: presentedPeer?.append(tls, to: &output) ?? false
    }
  }

  private func append(local kind: SubjectAltNameMatcher.Kind, to output: inout TextBuffer) -> Bool {
    guard let names = localCertificate?.subjectAltNames else { return false }
    return output.append(joined: names.filter { $0.kind == kind }.map(\.value))
  }

  /// Nanoseconds since 1970; nil without a peer's certificate.
  func time(_ time: SubstitutionCertificateTime) -> Int64? {
    let seconds = time == .validFrom ? presentedPeer?.notBefore : presentedPeer?.notAfter
    return seconds.map { $0.multipliedReportingOverflow(by: 1_000_000_000) }.flatMap { $1 ? nil : $0 }
  }
}

extension PeerCertificate {
  fileprivate func append(_ tls: SubstitutionTLS, to output: inout TextBuffer) -> Bool {
    switch tls {
    case .peerSubject: output.append(ifAny: subject)
    case .peerIssuer: output.append(ifAny: issuer)
    case .peerSerial: output.append(ifAny: serialNumber)
    case .peerFingerprint256: output.append(ifAny: sha256Digest)
    case .peerFingerprint1: output.append(ifAny: sha1Digest)
    case .peerCertificate: output.append(ifAny: urlEncodedPEM)
    case .peerURISAN: output.append(joined: uriSANs)
    case .peerDNSSAN: output.append(joined: dnsSANs)
    case .peerIPSAN: output.append(joined: ipSANs)
    case .peerEmailSAN: output.append(joined: emailSANs)
    case .peerChainFingerprints256: output.append(joined: chainSHA256Digests)
    case .peerChainFingerprints1: output.append(joined: chainSHA1Digests)
    case .peerChainSerials: output.append(joined: chainSerialNumbers)
    case .peerIssuerFingerprint256: output.append(ifAny: chainSHA256Digests.dropFirst().first ?? "")
    case .peerIssuerSerial: output.append(ifAny: chainSerialNumbers.dropFirst().first ?? "")
    default: false
    }
  }
}

extension TextBuffer {
  /// Appends a text; false for an empty one.
  mutating func append(ifAny text: String) -> Bool {
    if text.isEmpty { return false }
    append(text)
    return true
  }

  /// Appends texts with commas between them; false for none.
  mutating func append(joined texts: [String]) -> Bool { append(ifAny: texts.joined(separator: ",")) }
}
