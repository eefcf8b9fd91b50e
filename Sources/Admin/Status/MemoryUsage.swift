import Glibc

/// What /memory prints, in bytes.
package struct MemoryUsage: Sendable {
  package var allocated: UInt64 = 0
  package var heapSize: UInt64 = 0
  package var pageheapUnmapped: UInt64 = 0
  package var pageheapFree: UInt64 = 0
  package var totalThreadCache: UInt64 = 0
  package var totalPhysicalBytes: UInt64 = 0

  package init() {}

  /// The process's memory now, by the kernel's account: what is its own, its data segment, and what is resident.
  package static func current() -> MemoryUsage {
    var usage = MemoryUsage()
    guard let file = fopen("/proc/self/statm", "r") else { return usage }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = fread(&bytes, 1, bytes.count, file)
    let pages = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: " ").map { UInt64($0) ?? 0 }
    guard pages.count > 5 else { return usage }
    let pageSize = UInt64(max(0, sysconf(Int32(_SC_PAGESIZE))))
    usage.totalPhysicalBytes = pages[1] * pageSize
    usage.allocated = (pages[1] - min(pages[1], pages[2])) * pageSize
    usage.heapSize = pages[5] * pageSize
    return usage
  }
}
