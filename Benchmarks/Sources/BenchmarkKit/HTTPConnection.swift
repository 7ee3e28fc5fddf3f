import Foundation

/// One connection to a server on the loopback, which takes one request after another and blocks.
public final class HTTPConnection {
  private let descriptor: Int32
  private let port: Int
  private var buffer: [UInt8] = []

  /// Connects.
  ///
  /// - Throws: `BenchmarkError` when nothing listens there.
  public init(port: Int, silenceSeconds: Int = 30) throws {
    self.port = port
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let own = descriptor
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(own, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw BenchmarkError("nothing listens on port \(port)") }
    var silence = timeval(tv_sec: silenceSeconds, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &silence, socklen_t(MemoryLayout<timeval>.size))
    var yes: Int32 = 1
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { close(descriptor) }

  /// Asks for `path` and reads the whole answer.
  ///
  /// - Returns: The status, and how many bytes its body has.
  /// - Throws: `BenchmarkError` when the server ends the connection or is silent for too long.
  public func get(_ path: String, _ headers: [String: String] = [:]) throws -> (
    status: Int, body: [UInt8]
  ) {
    try ask(path, headers)
    let (status, fields) = try head()
    if let length = fields["content-length"].flatMap({ Int($0) }) {
      try need(length)
      return (status, take(length))
    }
    guard fields["transfer-encoding"] == "chunked" else { return (status, []) }
    var body: [UInt8] = []
    while true {
      let count = Int(try line(), radix: 16) ?? 0
      try need(count + 2)
      body += take(count)
      buffer.removeFirst(2)
      if count == 0 { return (status, body) }
    }
  }

  /// Asks for a stream that does not end.
  ///
  /// - Throws: `BenchmarkError` unless it begins with 200.
  public func stream(_ path: String) throws {
    try ask(path, [:])
    let (status, _) = try head()
    guard status == 200 else { throw BenchmarkError("\(path) was answered with \(status)") }
  }

  /// Reads on until `mark` has come, and drops what came up to its end.
  ///
  /// - Throws: `BenchmarkError` when the stream ends.
  public func skip(to mark: String) throws {
    while true {
      if let found = buffer.firstRange(of: Array(mark.utf8)) {
        buffer.removeSubrange(..<found.upperBound)
        return
      }
      try receive()
    }
  }

  private func ask(_ path: String, _ headers: [String: String]) throws {
    let fields = headers.map { "\($0.key): \($0.value)\r\n" }.joined()
    var rest = Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\(fields)\r\n".utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw BenchmarkError("the server has closed the connection") }
      rest = rest.dropFirst(count)
    }
  }

  private func head() throws -> (status: Int, fields: [String: String]) {
    let status = Int(try line().split(separator: " ").dropFirst().first ?? "") ?? 0
    var fields: [String: String] = [:]
    while case let text = try line(), !text.isEmpty {
      let parts = text.split(separator: ":", maxSplits: 1)
      fields[parts[0].lowercased()] = parts.last.map { $0.drop { $0 == " " }.lowercased() }
    }
    return (status, fields)
  }

  private func line() throws -> String {
    while true {
      if let end = buffer.firstRange(of: [13, 10]) {
        defer { buffer.removeSubrange(..<end.upperBound) }
        return String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
      }
      try receive()
    }
  }

  private func need(_ count: Int) throws {
    while buffer.count < count { try receive() }
  }

  private func take(_ count: Int) -> [UInt8] {
    defer { buffer.removeFirst(count) }
    return Array(buffer[..<count])
  }

  private func receive() throws {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(descriptor, &chunk, chunk.count, 0)
    guard count > 0 else { throw BenchmarkError("the server was silent or closed the connection") }
    buffer.append(contentsOf: chunk[..<count])
  }
}
