import Glibc

/// Descriptors that close with this.
package final class DescriptorList {
  package var numbers: [Int32] = []

  deinit {
    for number in numbers { close(number) }
  }
}
