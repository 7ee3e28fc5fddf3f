import Foundation
import Testing

/// Ports that nobody listens on.
enum FreePort {
  /// One of this machine's loopback interface; whoever is quicker may still take it.
  static func find() throws -> Int {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    try #require(listener >= 0, "no socket could be had")
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) == 0 && getsockname(listener, address, &length) == 0
      }
    }
    try #require(isBound, "no port of the loopback interface could be had")
    return Int(UInt16(bigEndian: address.sin_port))
  }
}
