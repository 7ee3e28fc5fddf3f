import Dispatch
import Foundation

/// A datagram socket of the kind on which a service manager listens.
///
/// A thread of its own takes what comes, whatever the tests are doing: a sender never finds the
/// socket full.
public final class DatagramListener: Sendable {
  /// What `NOTIFY_SOCKET` has to say.
  public let name: String
  private let descriptor: Int32
  private let inbox = Inbox()
  private let queue = DispatchQueue(label: "datagrams")

  /// Why there is none.
  public struct SocketError: Error {
    /// The error's number.
    public var number: Int32
  }

  /// Listens at a path, or at `@` and an abstract name.
  public init(_ name: String) throws {
    self.name = name
    let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    descriptor = socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else { throw SocketError(number: errno) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { path in
      path.copyBytes(from: name.utf8)
      if name.hasPrefix("@") { path[0] = 0 }
    }
    let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
    let length = socklen_t(offset + name.utf8.count)
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length)
      }
    }
    guard code == 0 else {
      let number = errno
      close(descriptor)
      throw SocketError(number: number)
    }
    let thread = Thread { [descriptor, inbox] in
      var bytes = [UInt8](repeating: 0, count: 4_096)
      while case let count = recv(descriptor, &bytes, bytes.count, 0), count > 0 {
        inbox.put(String(decoding: bytes[..<count], as: UTF8.self))
      }
      close(descriptor)
    }
    thread.name = "datagrams"
    thread.start()
  }

  deinit {
    // Wakes the thread, which closes it.
    shutdown(descriptor, Int32(SHUT_RDWR))
    if name.hasPrefix("/") { unlink(name) }
  }

  /// The next message; nil when none comes within `ms`.
  public func next(withinMs ms: Int) async -> String? {
    await withCheckedContinuation { done in
      queue.async { [inbox] in done.resume(returning: inbox.take(withinMs: ms)) }
    }
  }

  /// Reads messages until one has the line `line`, and gives all their lines; nil when that does
  /// not come within `ms`. Before each message it does `first`.
  public func lines(
    until line: String, withinMs ms: Int = Patience.ms, first: () -> Void = {}
  ) async -> [String]? {
    var lines: [String] = []
    let end = ContinuousClock.now + .milliseconds(ms)
    while ContinuousClock.now < end {
      first()
      guard let message = await next(withinMs: ms) else { return nil }
      let new = message.split(separator: "\n").map(String.init)
      lines += new
      if new.contains(line) { return lines }
    }
    return nil
  }
}

/// Messages that nobody has asked for yet.
///
/// `@unchecked Sendable`: everything is read and written under the condition's lock.
private final class Inbox: @unchecked Sendable {
  private let condition = NSCondition()
  private var messages: [String] = []

  func put(_ message: String) {
    condition.withLock {
      messages.append(message)
      condition.signal()
    }
  }

  func take(withinMs ms: Int) -> String? {
    let deadline = Date(timeIntervalSinceNow: Double(ms) / 1_000)
    return condition.withLock {
      while messages.isEmpty {
        guard condition.wait(until: deadline) else { break }
      }
      return messages.isEmpty ? nil : messages.removeFirst()
    }
  }
}
