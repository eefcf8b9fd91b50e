/// Which connection an operator asks about.
package enum SubstitutionSide: UInt8, Sendable {
  case downstream, upstream
}

/// Operators about a connection's TLS, by Envoy's names without DOWNSTREAM_ or UPSTREAM_.
package enum SubstitutionTLS: UInt8, Sendable {
  case version, cipher, group, sessionID, serverName
  case peerSubject, peerIssuer, peerSerial, peerFingerprint256, peerFingerprint1, peerCertificate
  case peerURISAN, peerDNSSAN, peerIPSAN, peerEmailSAN
  case peerChainFingerprints256, peerChainFingerprints1, peerChainSerials, peerIssuerFingerprint256, peerIssuerSerial
  case localSubject, localURISAN, localDNSSAN, localIPSAN, localEmailSAN
}

/// From when and until when the peer's certificate is valid.
package enum SubstitutionCertificateTime: UInt8, Sendable {
  case validFrom, validTo
}

/// The names, and which connection has which.
enum TLSOperatorNames {
  private static let both: [(String, SubstitutionTLS)] = [
    ("TLS_VERSION", .version), ("TLS_CIPHER", .cipher), ("TLS_GROUP", .group), ("TLS_SESSION_ID", .sessionID),
    ("PEER_SUBJECT", .peerSubject), ("PEER_ISSUER", .peerIssuer), ("PEER_CERT", .peerCertificate),
    ("PEER_URI_SAN", .peerURISAN), ("PEER_DNS_SAN", .peerDNSSAN), ("PEER_IP_SAN", .peerIPSAN),
    ("LOCAL_URI_SAN", .localURISAN), ("LOCAL_DNS_SAN", .localDNSSAN), ("LOCAL_IP_SAN", .localIPSAN),
  ]

  private static let downstreamOnly: [(String, SubstitutionTLS)] = [
    ("PEER_EMAIL_SAN", .peerEmailSAN), ("PEER_SERIAL", .peerSerial), ("PEER_FINGERPRINT_256", .peerFingerprint256),
    ("PEER_FINGERPRINT_1", .peerFingerprint1), ("PEER_CHAIN_FINGERPRINTS_256", .peerChainFingerprints256),
    ("PEER_CHAIN_FINGERPRINTS_1", .peerChainFingerprints1), ("PEER_CHAIN_SERIALS", .peerChainSerials),
    ("PEER_ISSUER_FINGERPRINT_256", .peerIssuerFingerprint256), ("PEER_ISSUER_SERIAL", .peerIssuerSerial),
    ("LOCAL_SUBJECT", .localSubject), ("LOCAL_EMAIL_SAN", .localEmailSAN),
  ]

  static let all: [String: (SubstitutionTLS, SubstitutionSide)] = {
    var names: [String: (SubstitutionTLS, SubstitutionSide)] = ["UPSTREAM_SERVER_NAME": (.serverName, .upstream)]
    for (name, value) in both {
      names["DOWNSTREAM_\(name)"] = (value, .downstream)
      names["UPSTREAM_\(name)"] = (value, .upstream)
    }
    for (name, value) in downstreamOnly { names["DOWNSTREAM_\(name)"] = (value, .downstream) }
    return names
  }()

  static let times: [String: (SubstitutionCertificateTime, SubstitutionSide)] = [
    "DOWNSTREAM_PEER_CERT_V_START": (.validFrom, .downstream), "DOWNSTREAM_PEER_CERT_V_END": (.validTo, .downstream),
    "UPSTREAM_PEER_CERT_V_START": (.validFrom, .upstream), "UPSTREAM_PEER_CERT_V_END": (.validTo, .upstream),
  ]
}
