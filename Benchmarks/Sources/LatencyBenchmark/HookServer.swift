import Foundation
import Synchronization

/// A webhook on the loopback that notes when it was called for which entity.
final class HookServer: Sendable {
  let port: UInt16
  private let listener: Int32
  private let seen = Mutex<[String: ContinuousClock.Instant]>([:])

  init() throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = listener
    let isOpen = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, length) == 0 && listen(descriptor, 16) == 0
          && getsockname(descriptor, address, &length) == 0
      }
    }
    guard isOpen else { throw HookError() }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { self.accept() }
  }

  struct HookError: Error {}

  /// When the call about an entity came.
  func time(of entity: String) -> ContinuousClock.Instant? { seen.withLock { $0[entity] } }

  private func accept() {
    while case let connection = Glibc.accept(listener, nil, nil), connection >= 0 {
      Thread.detachNewThread { self.serve(connection) }
    }
  }

  private func serve(_ connection: Int32) {
    defer { close(connection) }
    var text = ""
    var part = [UInt8](repeating: 0, count: 65_536)
    while case let count = recv(connection, &part, part.count, 0), count > 0 {
      text += String(decoding: part[..<count], as: UTF8.self)
      guard let range = text.range(of: "card-[0-9]+", options: .regularExpression) else { continue }
      let entity = String(text[range])
      let now = ContinuousClock.now
      seen.withLock { if $0[entity] == nil { $0[entity] = now } }
      text = ""
      let answer = Array("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".utf8)
      _ = answer.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
  }
}
