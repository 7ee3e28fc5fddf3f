import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// An HTTP server on the loopback that keeps what it was sent and answers what it is told.
public final class TestServer: Sendable {
  /// A request as it came.
  public struct Request: Sendable {
    /// Path and query.
    public var target: String
    /// In the order in which they came.
    public var headers: [(name: String, value: String)]
    /// As it came.
    public var body: [UInt8]

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of a header, whatever the case of its name.
    public func header(_ name: String) -> String? {
      headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
  }

  /// What to do about a request.
  public enum Reply: Sendable {
    /// A status, headers and a body.
    case answer(Int, headers: [String: String] = [:], body: String = "")
    /// Nothing, for ever.
    case hang
    /// Status and headers that promise a body which never comes.
    case headOnly(Int)
    /// The connection ends without an answer.
    case close
  }

  /// The machine gave no socket.
  public struct SocketError: Error {
    /// What it did not do.
    public var step: String
  }

  /// What was sent so far.
  public let requests = Awaited<Request>()
  /// Where it listens.
  public let port: UInt16
  private let listener: Int32
  private let open = Mutex<Set<Int32>>([])
  private let isStopped = Mutex(false)
  private let reply: @Sendable (Request, Int) -> Reply

  /// `reply` is asked with each request and how many came before it.
  public init(_ reply: @escaping @Sendable (Request, Int) -> Reply) throws {
    self.reply = reply
    // What a program of another test kept open would never be seen to close.
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = listener
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    guard descriptor >= 0, bound == 0, listen(descriptor, 64) == 0 else {
      throw SocketError(step: "bind")
    }
    let named = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(descriptor, $0, &length)
      }
    }
    guard named == 0 else { throw SocketError(step: "getsockname") }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { self.accept() }
  }

  /// An address of it.
  public func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

  /// Closes everything; what hangs ends.
  public func stop() {
    isStopped.withLock { $0 = true }
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
    open.withLock { for descriptor in $0 { shutdown(descriptor, Int32(SHUT_RDWR)) } }
  }

  private func accept() {
    while true {
      let connection = Glibc.accept(listener, nil, nil)
      if connection < 0 { return }
      _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
      let isLate = isStopped.withLock { stopped in
        if !stopped { open.withLock { _ = $0.insert(connection) } }
        return stopped
      }
      if isLate {
        close(connection)
        return
      }
      Thread.detachNewThread { self.serve(connection) }
    }
  }

  private func serve(_ connection: Int32) {
    defer {
      open.withLock { _ = $0.remove(connection) }
      close(connection)
    }
    var buffer: [UInt8] = []
    while let request = read(connection, &buffer) {
      let before = requests.all.count
      let reply = reply(request, before)
      requests.append(request)
      switch reply {
      case .close: return
      case .hang:
        // Until either side closes.
        while read(connection, &buffer) != nil {}
        return
      case .headOnly(let status):
        write(connection, "HTTP/1.1 \(status) x\r\ncontent-length: 10\r\n\r\n")
      case .answer(let status, let headers, let body):
        let lines = headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }
        write(
          connection,
          "HTTP/1.1 \(status) x\r\ncontent-length: \(body.utf8.count)\r\n\(lines.joined())\r\n"
            + body)
      }
    }
  }

  private func write(_ connection: Int32, _ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes {
        send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return }
      bytes = bytes.dropFirst(count)
    }
  }

  /// The next request, or nil when the connection has ended.
  private func read(_ connection: Int32, _ buffer: inout [UInt8]) -> Request? {
    let blank = Array("\r\n\r\n".utf8)
    while true {
      if let end = buffer.firstRange(of: blank) {
        let head = String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
        var request = parse(head)
        let length = request.header("content-length").flatMap { Int($0) } ?? 0
        if buffer.count - end.upperBound >= length {
          request.body = Array(buffer[end.upperBound..<(end.upperBound + length)])
          buffer.removeSubrange(..<(end.upperBound + length))
          return request
        }
      }
      var part = [UInt8](repeating: 0, count: 65_536)
      let count = recv(connection, &part, part.count, 0)
      // It speaks no TLS, whose first byte this is.
      if count <= 0 || part[0] == 0x16 { return nil }
      buffer.append(contentsOf: part[..<count])
    }
  }

  private func parse(_ head: String) -> Request {
    let lines = head.components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      return (String(line[..<colon]), value)
    }
    return Request(
      target: words.count > 1 ? String(words[1]) : "", headers: headers, body: [])
  }
}
