import EnvoyConfig
import Testing

/// Secrets: where they come from, and who gets to see them.
@Suite struct SecretsTests {
  private static let folder = CaseFiles.folder + "Secrets/"

  @Test func aFileOfSecretsIsRead() throws {
    let secrets = try loadSecrets(path: Self.folder + "secrets.yaml")
    #expect(secrets.map(\.name) == ["server"])
    guard case .tlsCertificate(let certificate) = secrets.first?.type else { return #expect(Bool(false)) }
    #expect(certificate.certificateChain?.bytes == (try CaseFiles.read(Self.folder + "server.pem")))
    let key = try CaseFiles.read(Self.folder + "server.key")
    #expect(certificate.privateKey?.secret.withUnsafeBytes { Array($0) } == key)
  }

  @Test func aBrokenFileOfSecretsIsToldWithItsPlace() {
    let path = Self.folder + "broken.yaml"
    #expect(throws: ConfigErrors.self) { try loadSecrets(path: path) }
    do throws(ConfigErrors) {
      _ = try loadSecrets(path: path)
    } catch {
      let places = error.errors.map { "\($0.location.line):\($0.location.column): \($0.path)" }
      #expect(
        places == [
          "2:12: resources[0].@type", "4:3: resources[1].type",
          "6:84: resources[2].tls_certificate.private_key.filename",
        ])
    }
  }

  @Test func aDumpShowsNoSecrets() throws {
    let bootstrap = try loadBootstrap(.file(path: CaseFiles.folder + "Accepted/tls.yaml")).get()
    let dump = try #require(bootstrap.document?.json)
    #expect(!dump.contains("server.key"))
    #expect(!dump.contains("ticket.key"))
    #expect(!dump.contains("s3cret"))
    #expect(!dump.contains("AAEC"))
    #expect(dump.contains("server.pem"))
    #expect(dump.contains("\"private_key\": {\n      \"filename\": \"[redacted]\"\n     }"))
  }

  @Test func aSecretIsMergedOverTheDefault() throws {
    let bootstrap = try loadBootstrap(.file(path: CaseFiles.folder + "Accepted/tls.yaml")).get()
    guard case .downstreamTls(let context) = bootstrap.staticResources.listeners[1].filterChains[0].transportSocket,
      case .combinedValidationContext(let base, _) = context.commonTlsContext.validationContextType,
      case .validationContext(let secret) = bootstrap.staticResources.secrets[1].type
    else { return #expect(Bool(false)) }
    #expect(base.matchTypedSubjectAltNames.map(\.sanType) == [.email, .dns, .uri, .ipAddress])
    let merged = base.merging(secret)
    #expect(merged.matchTypedSubjectAltNames.count == 8)
    #expect(merged.trustedCa != nil)
    #expect(merged.maxVerifyDepth == 0)
    #expect(merged.verifyCertificateHash.first?.bytes.first == 0xab)
    #expect(merged.verifyCertificateHash.count == 2)
    #expect(merged.verifyCertificateSpki.count == 1)
    #expect(merged.trustChainVerification == .acceptUntrusted)
  }

  @Test func endpointsMatchByTheirMetadata() throws {
    let bootstrap = try loadBootstrap(.file(path: CaseFiles.folder + "Accepted/tls.yaml")).get()
    let cluster = bootstrap.staticResources.clusters[0]
    let matches = cluster.transportSocketMatches
    let locality = cluster.loadAssignment.endpoints[0]
    #expect(locality.lbEndpoints[0].transportSocketMatch.hasMembers(of: matches[0].match))
    #expect(!locality.transportSocketMatch.hasMembers(of: matches[0].match))
    #expect(locality.transportSocketMatch.hasMembers(of: matches[1].match))
    #expect(cluster.upstreamHttpProtocolOptions.overrideAutoSniHeader == "x-sni")
  }
}
