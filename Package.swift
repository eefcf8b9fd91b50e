// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours: Swift 6 language mode, warnings are errors. In release builds the exclusivity checks on
/// stored properties are off: they cost a quarter of the instructions of a request (docs/RATIONALE.md); debug builds
/// and tests keep them.
let house: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
  ] + (isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer,address"])] : [])

/// scripts/fuzz sets it: the fuzz targets join the package, and all of ours is built to guide them.
var isFuzzing: Bool { Context.environment["PILLION_FUZZ"] == "1" }

/// A program of Tests/Fuzz: a main.swift that starts libFuzzer, and seeds in `corpus`.
func fuzzTarget(_ name: String, dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: "Fuzz\(name)", dependencies: ["CFuzzer"] + dependencies, path: "Tests/Fuzz/\(name)", exclude: ["corpus"],
    swiftSettings: house, linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])])
}

/// A floor imports only floors below it (docs/architecture.md).
let package = Package(
  name: "pillion",
  products: [.executable(name: "pillion", targets: ["pillion"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
  ],
  targets: [
    .target(name: "CLinux"),
    .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
    .systemLibrary(name: "CYaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .target(name: "Reactor", dependencies: ["CLinux"], swiftSettings: house),
    .target(name: "CTLSProvider", dependencies: ["COpenSSL"]),
    .target(name: "Security", dependencies: ["Reactor", "COpenSSL", "CTLSProvider"], swiftSettings: house),
    .target(
      name: "Telemetry", dependencies: ["Reactor", .product(name: "Logging", package: "swift-log")],
      swiftSettings: house),
    .target(name: "HTTP", dependencies: ["Reactor", "CNghttp2"], swiftSettings: house),
    .target(name: "EnvoyConfig", dependencies: ["CRE2", "CYaml"], swiftSettings: house),
    .target(
      name: "Proxy",
      dependencies: [
        "EnvoyConfig", "HTTP", "Security", "Telemetry", "Reactor", "CLinux",
        .product(name: "DequeModule", package: "swift-collections"), .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: house),
    .target(
      name: "Admin", dependencies: ["Proxy", "EnvoyConfig", "HTTP", "Security", "Telemetry", "Reactor"],
      swiftSettings: house),
    .target(
      name: "CPillionNS",
      cSettings: [.unsafeFlags(["-std=gnu17", "-Wall", "-Wextra", "-Werror"])]),
    .target(
      name: "Interception",
      dependencies: [
        "Proxy", "EnvoyConfig", "Reactor", "CLinux", "CPillionNS", .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: house),
    .executableTarget(
      name: "pillion",
      dependencies: [
        "Admin", "Interception", "Proxy", "EnvoyConfig", "Security", "Telemetry", "Reactor",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: house),
    .testTarget(
      name: "AdminTests", dependencies: ["Admin", "EnvoyConfig", "Telemetry", "Reactor"], swiftSettings: house),
    .testTarget(
      name: "InterceptionTests", dependencies: ["Interception", "CPillionNS", "Proxy", "EnvoyConfig", "Reactor"],
      swiftSettings: house),
    .testTarget(name: "TelemetryTests", dependencies: ["Telemetry"], swiftSettings: house),
    .testTarget(
      name: "ProxyTests",
      dependencies: ["Proxy", "EnvoyConfig", "HTTP", "Security", "Telemetry", "Reactor", "COpenSSL"],
      swiftSettings: house),
    .testTarget(name: "HTTPTests", dependencies: ["HTTP", "Reactor"], swiftSettings: house),
    .testTarget(
      name: "EnvoyConfigTests", dependencies: ["EnvoyConfig"], exclude: ["Accepted", "Refused", "Secrets"],
      swiftSettings: house),
    .testTarget(name: "ReactorTests", dependencies: ["Reactor"], swiftSettings: house),
    .testTarget(name: "SecurityTests", dependencies: ["Security", "Reactor", "COpenSSL"], swiftSettings: house),
  ],
  cxxLanguageStandard: .cxx17
)

if isFuzzing {
  package.targets += [
    .target(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
    fuzzTarget("HTTP1", dependencies: ["HTTP", "Reactor"]),
    fuzzTarget("HTTP2", dependencies: ["HTTP", "Reactor"]),
    fuzzTarget("Config", dependencies: ["EnvoyConfig"]),
    fuzzTarget("ClientHello", dependencies: ["Proxy", "Reactor"]),
    fuzzTarget("DNS", dependencies: ["Interception", "EnvoyConfig"]),
    fuzzTarget("JWT", dependencies: ["Security", "Reactor"]),
  ]
}
