/// What /clusters tells of a cluster.
package struct ClusterStatus: Sendable {
  /// The limits of one priority's circuit breakers.
  package struct Thresholds: Sendable {
    package var maxConnections: UInt32 = 1024
    package var maxPendingRequests: UInt32 = 1024
    package var maxRequests: UInt32 = 1024
    package var maxRetries: UInt32 = 3

    package init() {}
  }

  /// Outlier detection's figures; -1 stands for none.
  package struct Outlier: Sendable {
    package var successRateAverage: Double = -1
    package var successRateEjectionThreshold: Double = -1
    package var localOriginSuccessRateAverage: Double = -1
    package var localOriginSuccessRateEjectionThreshold: Double = -1

    package init() {}
  }

  package var name: String
  /// `alt_stat_name`, or the name.
  package var observabilityName: String
  package var isAddedViaAPI = false
  /// nil without outlier detection.
  package var outlier: Outlier?
  package var defaultThresholds = Thresholds()
  package var highThresholds = Thresholds()
  package var hosts: [HostStatus] = []

  package init(name: String, observabilityName: String? = nil) {
    self.name = name
    self.observabilityName = observabilityName ?? name
  }
}

/// What /clusters tells of a host.
package struct HostStatus: Sendable {
  package struct Stats: Sendable {
    package var cxActive: UInt64 = 0
    package var cxConnectFail: UInt64 = 0
    package var cxTotal: UInt64 = 0
    package var rqActive: UInt64 = 0
    package var rqError: UInt64 = 0
    package var rqPendingActive: UInt64 = 0
    package var rqSuccess: UInt64 = 0
    package var rqTimeout: UInt64 = 0
    package var rqTotal: UInt64 = 0

    package init() {}
  }

  package struct HealthFlags: OptionSet, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let failedActiveHealthCheck = HealthFlags(rawValue: 1 << 0)
    package static let failedOutlierCheck = HealthFlags(rawValue: 1 << 1)
    package static let failedEDSHealth = HealthFlags(rawValue: 1 << 2)
    package static let degradedActiveHealthCheck = HealthFlags(rawValue: 1 << 3)
    package static let degradedEDSHealth = HealthFlags(rawValue: 1 << 4)
    package static let pendingDynamicRemoval = HealthFlags(rawValue: 1 << 5)
    package static let pendingActiveHealthCheck = HealthFlags(rawValue: 1 << 6)
    package static let excludedViaImmediateHealthCheckFail = HealthFlags(rawValue: 1 << 7)
    package static let activeHealthCheckTimeout = HealthFlags(rawValue: 1 << 8)
    package static let edsStatusDraining = HealthFlags(rawValue: 1 << 9)
  }

  package var address: AdminAddress
  package var stats = Stats()
  package var hostname = ""
  package var healthFlags: HealthFlags = []
  package var weight: UInt32 = 1
  package var region = ""
  package var zone = ""
  package var subZone = ""
  package var isCanary = false
  package var priority: UInt32 = 0
  /// In percent; -1 for none.
  package var successRate: Double = -1
  package var localOriginSuccessRate: Double = -1

  package init(address: AdminAddress) {
    self.address = address
  }
}

/// An address as /clusters and /listeners print it.
package enum AdminAddress: Sendable, Equatable {
  case socket(address: String, port: UInt16)
  case pipe(path: String)

  /// "127.0.0.1:80", "[::1]:80", "/run/x.sock".
  var text: String {
    switch self {
    case .socket(let address, let port): address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    case .pipe(let path): path
    }
  }

  var json: AdminJSON {
    switch self {
    case .socket(let address, let port):
      .object([("socket_address", .object([("address", .string(address)), ("port_value", .integer(port))]))])
    case .pipe(let path): .object([("pipe", .object([("path", .string(path))]))])
    }
  }
}

/// What /listeners tells.
package struct ListenerStatus: Sendable {
  package var name: String
  /// The bound addresses: the first, and the additional ones.
  package var addresses: [AdminAddress]

  package init(name: String, addresses: [AdminAddress]) {
    self.name = name
    self.addresses = addresses
  }
}
