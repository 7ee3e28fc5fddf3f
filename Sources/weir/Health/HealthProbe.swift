import Foundation
import PipelineSpec

/// Asks one thing of a worker's console, over a connection of its own.
///
/// A plain socket: the program needs no HTTP client otherwise, and a check that runs every few
/// seconds should start fast.
struct HealthProbe {
  var address: ConsoleAddress
  /// For everything together: looking the name up is not counted.
  var timeoutMs: Int64

  /// Status and text of an answer.
  struct Answer: Equatable {
    var status: Int
    var body: String
  }

  /// No answer of a worker is longer.
  private static let bytesMax = 64 * 1024

  /// Gets `path`. Throws a `ProbeError` when there is no answer in time, or one that is not HTTP.
  func get(_ path: String) throws -> Answer {
    let deadline = ContinuousClock.now + .milliseconds(timeoutMs)
    let connection = try connect(deadline)
    defer { close(connection) }
    let request =
      "GET \(path) HTTP/1.1\r\nHost: \(address)\r\nUser-Agent: weir-health\r\n"
      + "Accept: text/plain\r\nConnection: close\r\n\r\n"
    var rest = Array(request.utf8)[...]
    while !rest.isEmpty {
      try wait(connection, for: Int16(POLLOUT), deadline)
      let sent = rest.withUnsafeBytes {
        send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if sent > 0 { rest = rest.dropFirst(sent) } else if !isTemporary(errno) { throw lost(errno) }
    }
    let bytes = try receive(connection, deadline)
    guard let answer = Self.parse(bytes) else {
      throw ProbeError(
        description: "what listens at \(address) does not speak HTTP; give the address of "
          + "the worker's console")
    }
    return answer
  }

  /// Reads until the other side ends the connection, or the answer is whole.
  private func receive(
    _ connection: Int32, _ deadline: ContinuousClock.Instant
  ) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4_096)
    while bytes.count < Self.bytesMax, !Self.isWhole(bytes) {
      try wait(connection, for: Int16(POLLIN), deadline)
      let count = recv(connection, &part, part.count, 0)
      if count == 0 { break }
      if count > 0 { bytes += part[..<count] } else if !isTemporary(errno) { throw lost(errno) }
    }
    return bytes
  }

  /// Tries every address of the host in turn.
  private func connect(_ deadline: ContinuousClock.Instant) throws -> Int32 {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(address.host, String(address.port), &hints, &found)
    guard code == 0 else {
      throw ProbeError(
        description: "\(address.host) is not known: \(String(cString: gai_strerror(code))); give "
          + "an address of this machine's network")
    }
    defer { freeaddrinfo(found) }
    var problem: Int32 = 0
    var next = found
    while let info = next?.pointee {
      next = info.ai_next
      let kind = info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
      let connection = socket(info.ai_family, kind, info.ai_protocol)
      guard connection >= 0 else {
        problem = errno
        continue
      }
      do {
        if Foundation.connect(connection, info.ai_addr, info.ai_addrlen) != 0 {
          guard errno == EINPROGRESS else { throw lost(errno) }
          try wait(connection, for: Int16(POLLOUT), deadline)
        }
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(connection, SOL_SOCKET, SO_ERROR, &problem, &length)
        if problem == 0 { return connection }
      } catch {
        close(connection)
        throw error
      }
      close(connection)
    }
    throw lost(problem)
  }

  private func isTemporary(_ code: Int32) -> Bool { code == EAGAIN || code == EINTR }

  private func wait(
    _ connection: Int32, for events: Int16, _ deadline: ContinuousClock.Instant
  ) throws {
    var asked = pollfd(fd: connection, events: events, revents: 0)
    while true {
      let left = (deadline - ContinuousClock.now) / .milliseconds(1)
      let count = left > 0 ? poll(&asked, 1, Int32(left.rounded(.up))) : 0
      if count > 0 { return }
      guard count < 0, errno == EINTR else {
        throw ProbeError(
          description:
            "nothing answered at \(address) within \(Durations.text(ms: timeoutMs)); the "
            + "worker hangs, is overloaded, or something on the way swallows what is sent")
      }
    }
  }

  private func lost(_ code: Int32) -> ProbeError {
    let reason = String(cString: strerror(code))
    let hint =
      code == ECONNREFUSED
      ? "no worker serves a console there: see `weir run --listen`, and whether it has begun"
      : "see whether the address is right"
    return ProbeError(description: "\(address) cannot be asked: \(reason); \(hint)")
  }

  /// Whether head and body of an answer of known length are there.
  static func isWhole(_ bytes: [UInt8]) -> Bool {
    guard let (head, body) = split(bytes), let length = length(head) else { return false }
    return body.utf8.count >= length
  }

  /// Reads an answer; nil for what is none.
  static func parse(_ bytes: [UInt8]) -> Answer? {
    guard let (head, body) = split(bytes) else { return nil }
    let words = head[0].split(separator: " ", maxSplits: 2)
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
      return nil
    }
    let text = length(head).map { String(decoding: body.utf8.prefix($0), as: UTF8.self) } ?? body
    return Answer(status: status, body: text)
  }

  private static func length(_ head: [String]) -> Int? {
    let name = "content-length:"
    return head.first { $0.lowercased().hasPrefix(name) }
      .flatMap { Int($0.dropFirst(name.count).trimmingCharacters(in: .whitespaces)) }
  }

  private static func split(_ bytes: [UInt8]) -> (head: [String], body: String)? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    let head = text[..<end.lowerBound].components(separatedBy: "\r\n")
    return (head, String(text[end.upperBound...]))
  }
}
