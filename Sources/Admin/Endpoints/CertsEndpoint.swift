import Telemetry

/// /certs: the certificates that TLS contexts use, and when they expire.
enum CertsEndpoint {
  static func respond(_ target: any AdminTarget) -> AdminResponse {
    .json(.object([("certificates", .array(target.certificates.map(json)))]))
  }

  private static func json(_ context: CertificatesStatus) -> AdminJSON {
    .object([
      ("ca_cert", .array(context.authorities.map(json))), ("cert_chain", .array(context.chain.map(json))),
    ])
  }

  private static func json(_ certificate: CertificateStatus) -> AdminJSON {
    let names =
      certificate.dnsNames.map { AdminJSON.object([("dns", .string($0))]) }
      + certificate.uris.map { .object([("uri", .string($0))]) }
      + certificate.ipAddresses.map { .object([("ip_address", .string($0))]) }
    var members: [(name: String, value: AdminJSON)] = [
      ("path", .string(certificate.path)), ("serial_number", .string(certificate.serialNumber)),
      ("subject_alt_names", .array(names)),
      ("days_until_expiration", .string("\(certificate.daysUntilExpiration)")),
    ]
    if let time = certificate.validFrom { members.append(("valid_from", self.time(time))) }
    if let time = certificate.expirationTime { members.append(("expiration_time", self.time(time))) }
    return .object(members)
  }

  private static func time(_ seconds: Int64) -> AdminJSON {
    let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    var text = TextBuffer(capacity: 32)
    TimeFormat("%Y-%m-%dT%H:%M:%SZ").append(overflow ? 0 : nanoseconds, to: &text)
    return .string(text.view.string)
  }
}
