import Foundation

/// The datagram socket on which a service manager listens.
///
/// `@unchecked Sendable`: the address and the descriptor are set once.
final class NotifySocket: @unchecked Sendable {
  private let descriptor: Int32
  private var address = sockaddr_un()
  private let length: socklen_t

  /// Names a socket as `NOTIFY_SOCKET` does: a path, or `@` and an abstract name. Nil for anything
  /// else, for a name that is too long, and without a descriptor to spare.
  init?(_ name: String) {
    let bytes = Array(name.utf8)
    let capacity = MemoryLayout.size(ofValue: address.sun_path)
    guard let first = bytes.first, bytes.count > 1, bytes.count < capacity,
      first == UInt8(ascii: "/") || first == UInt8(ascii: "@"), !bytes.contains(0)
    else { return nil }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { path in
      path.copyBytes(from: bytes)
      if first == UInt8(ascii: "@") { path[0] = 0 }
    }
    let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
    length = socklen_t(offset + bytes.count)
    let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    descriptor = socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else { return nil }
  }

  deinit { close(descriptor) }

  /// Sends one message; never waits. Gives 0, or the error's number.
  func send(_ text: String) -> Int32 {
    var address = address
    let bytes = Array(text.utf8)
    let sent = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(
          descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL), $0,
          length)
      }
    }
    return sent == bytes.count ? 0 : errno
  }
}
