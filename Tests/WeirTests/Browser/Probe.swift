import Foundation
import StreamTestKit

/// An HTTP/1.1 client that sends what it is told, byte for byte, and hides nothing of the answer.
struct Probe: Sendable {
  /// What came back.
  struct Answer: Sendable, CustomStringConvertible {
    /// 0 where the connection ended without an answer.
    var status = 0
    var headers: [(name: String, value: String)] = []
    /// As it came, without the marks of chunks.
    var body = ""
    /// Whether the other side closed the connection.
    var isClosed = false

    /// The value of a header, whatever the case of its name.
    func header(_ name: String) -> String? {
      headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    var description: String {
      let lines = headers.map { "\($0.name): \($0.value)" }
      return ["\(status)", lines.joined(separator: "\n"), String(body.prefix(2_000))]
        .joined(separator: "\n")
    }
  }

  /// No answer takes longer; what has no end is a fault.
  private static let secondsMax = Patience.ms / 1_000

  /// Of the loopback.
  var port: Int

  /// Asks for `target`; again where the console is late.
  func get(_ target: String, _ headers: [(String, String)] = []) async throws -> Answer {
    let deadline = ContinuousClock.now + Patience.duration
    while true {
      let answer = try await send("GET", target, headers)
      guard Self.isLate(answer.status, answer.body), ContinuousClock.now < deadline else {
        return answer
      }
    }
  }

  /// Whether an answer says that a query, or the wait for it, took longer than a console lets it:
  /// on a machine that is busy with other tests that says nothing of the page.
  static func isLate(_ status: Int, _ text: String) -> Bool {
    status == 503 && (text.contains("took too long") || text.contains("no reader was free"))
  }

  /// Asks for `target`, and reads no more than how the answer begins.
  func begin(_ target: String, _ headers: [(String, String)] = []) async throws -> Answer {
    let all = headers.isEmpty ? [("Host", "127.0.0.1:\(port)")] : headers
    let head = all.map { "\($0.0): \($0.1)\r\n" }.joined()
    return try await exchange("GET \(target) HTTP/1.1\r\n\(head)\r\n") { $0.contains("\r\n\r\n") }
  }

  /// Sends a request with a `Host` unless `headers` has one, and reads the whole answer.
  func send(
    _ method: String, _ target: String, _ headers: [(String, String)] = [], body: String = ""
  ) async throws -> Answer {
    var all = headers
    if !all.contains(where: { $0.0.lowercased() == "host" }) {
      all.insert(("Host", "127.0.0.1:\(port)"), at: 0)
    }
    if !body.isEmpty { all.append(("Content-Length", "\(body.utf8.count)")) }
    all.append(("Connection", "close"))
    let head = all.map { "\($0.0): \($0.1)\r\n" }.joined()
    return try await exchange("\(method) \(target) HTTP/1.1\r\n\(head)\r\n\(body)")
  }

  /// Sends `text` as it is and reads until the answer has ended, `isEnough` of what came, or
  /// nothing more comes for `silenceMs`.
  func exchange(
    _ text: String, silenceMs: Int = Patience.ms,
    isEnough: @escaping @Sendable (String) -> Bool = { _ in false }
  ) async throws -> Answer {
    try await withCheckedThrowingContinuation { continuation in
      let port = port
      Thread.detachNewThread {
        continuation.resume(
          with: Result { try Self.exchange(Array(text.utf8), port, silenceMs, isEnough) })
      }
    }
  }

  private static func exchange(
    _ bytes: [UInt8], _ port: Int, _ silenceMs: Int, _ isEnough: (String) -> Bool
  ) throws -> Answer {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let connection = socket(AF_INET, kind, 0)
    guard connection >= 0 else { throw BrowserError("there is no socket") }
    defer { close(connection) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw BrowserError("nothing listens on port \(port)") }
    var silence = timeval(tv_sec: silenceMs / 1_000, tv_usec: silenceMs % 1_000 * 1_000)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &silence, size)
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &silence, size)
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      // What refuses the beginning need not read the end.
      if count <= 0 { break }
      rest = rest.dropFirst(count)
    }
    var buffer: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let deadline = ContinuousClock.now + .seconds(secondsMax)
    while true {
      guard ContinuousClock.now < deadline else {
        throw BrowserError("the answer has not ended after \(secondsMax) s")
      }
      let count = recv(connection, &chunk, chunk.count, 0)
      if count <= 0 { return parse(buffer, isClosed: count == 0 || errno == ECONNRESET) }
      buffer.append(contentsOf: chunk[..<count])
      if isEnough(String(decoding: buffer, as: UTF8.self)) {
        return parse(buffer, isClosed: false)
      }
    }
  }

  private static func parse(_ bytes: [UInt8], isClosed: Bool) -> Answer {
    var answer = Answer(isClosed: isClosed)
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return answer }
    let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
      .components(separatedBy: "\r\n")
    answer.status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
    answer.headers = lines.dropFirst().compactMap { line in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      return (String(line[..<colon]), value)
    }
    var body = bytes[end.upperBound...]
    if answer.header("transfer-encoding")?.lowercased() == "chunked" {
      var whole: [UInt8] = []
      while let line = body.firstRange(of: [13, 10]),
        let count = Int(String(decoding: body[..<line.lowerBound], as: UTF8.self), radix: 16),
        count > 0
      {
        whole += body[line.upperBound...].prefix(count)
        body = body[line.upperBound...].dropFirst(count).dropFirst(2)
      }
      body = whole[...]
    }
    answer.body = String(decoding: body, as: UTF8.self)
    return answer
  }
}
