import Foundation
import GRDB
import Synchronization

/// People and programs that read what a worker offers, and take their time.
enum SlowReader: String, CaseIterable, Sendable {
  /// A program that holds a read transaction on the public file.
  case file = "hold a transaction on the file"
  /// Pages that want to be told of snapshots, and never read what they are told.
  case deaf = "listen to /live and do not read"
  /// Clients that send and take a byte at a time.
  case dribble = "send and take a byte at a time"

  /// Reads from `subject` for so long, or until the soak is over.
  func read(_ subject: Subject, ms: Int64, halt: Halt) {
    switch self {
    case .file: holdFile(subject.data, ms, halt)
    case .deaf: listen(subject.port, ms, halt)
    case .dribble: dribble(subject.port, ms, halt)
    }
  }

  private func holdFile(_ path: String, _ ms: Int64, _ halt: Halt) {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    guard let queue = try? DatabaseQueue(path: path, configuration: configuration) else { return }
    let watch = Stopwatch()
    try? queue.read { db in
      let rows = try Row.fetchCursor(db, sql: "SELECT * FROM metrics")
      while watch.ms < ms, try rows.next() != nil, halt.goesOn(afterMs: 100) {}
    }
    try? queue.close()
  }

  private func listen(_ port: UInt16?, _ ms: Int64, _ halt: Halt) {
    guard let port else { return }
    let sockets = (0..<6).compactMap { _ in SlowSocket(port: port) }
    for socket in sockets { socket.send("GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") }
    halt.goesOn(afterMs: ms)
    withExtendedLifetime(sockets) {}
  }

  private func dribble(_ port: UInt16?, _ ms: Int64, _ halt: Halt) {
    guard let port else { return }
    let sockets = (0..<4).compactMap { _ in SlowSocket(port: port) }
    let whole = "GET /api/v1/metrics/events/rows?limit=1000 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    // Half of them never finish what they ask.
    for socket in sockets.prefix(2) { socket.send(whole + "\r\n") }
    var rest = Array(whole)[...]
    let watch = Stopwatch()
    while watch.ms < ms, halt.goesOn(afterMs: 50) {
      for socket in sockets.prefix(2) { socket.take(1) }
      if let next = rest.popFirst() {
        for socket in sockets.dropFirst(2) { socket.send(String(next)) }
      }
    }
  }
}

/// A connection to the loopback with as little room for what comes as the system gives. It is
/// closed with its owner.
private final class SlowSocket {
  private let descriptor: Int32

  init?(port: UInt16) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var room: Int32 = 2_048
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let own = descriptor
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(own, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if code != 0 { return nil }
  }

  deinit { close(descriptor) }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes {
      Glibc.send(
        descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }
  }

  func take(_ count: Int) {
    var bytes = [UInt8](repeating: 0, count: count)
    _ = recv(descriptor, &bytes, count, Int32(MSG_DONTWAIT))
  }
}
