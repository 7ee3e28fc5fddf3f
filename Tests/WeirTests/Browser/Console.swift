import Foundation
import StreamTestKit
import Testing

/// The real program with its console open, to be looked at. It ends with its owner.
final class Console: Sendable {
  /// Where it listens, without a slash at the end.
  let address: String
  /// What may write to it; nil where it names none.
  let token: String?
  /// The results.
  let data: String
  /// The program.
  let process: RunningCommand
  private let folder: TemporaryFolder

  private init(
    _ arguments: [String], environment: [String: String], data: String, folder: TemporaryFolder
  ) async throws {
    process = try RunningCommand(arguments, environment: environment)
    self.data = data
    self.folder = folder
    let process = process
    try await process.wait { Self.address(in: process.text) != nil }
    address = try #require(Self.address(in: process.text), "\(process.text)")
    token = Self.token(in: process.text)
  }

  /// The demonstration, with a shop whose minutes take less than a second: what goes wrong
  /// there has begun after three, and machines have time left for other tests.
  static func demo(
    speed: Int = 60, _ more: [String] = [], environment: [String: String] = [:]
  ) async throws -> Console {
    let folder = try TemporaryFolder()
    let data = folder.file("demo.sqlite")
    return try await Console(
      [
        "demo", "--listen", "127.0.0.1:0", "--speed", "\(speed)", "--customers", "5000",
        "--for", "60m", "--data", data,
      ] + more, environment: environment, data: data, folder: folder)
  }

  /// The results of a finished run, which nothing but people changes any more; `folder`, in which
  /// they are, stays as long as this.
  static func file(
    _ data: String, _ more: [String] = [], listen: String = "127.0.0.1:0",
    keeping folder: TemporaryFolder
  ) async throws -> Console {
    try await Console(
      ["serve", data, "--listen", listen] + more, environment: [:], data: data, folder: folder)
  }

  /// An address of it.
  func url(_ path: String) -> String { address + path }

  /// For requests as no browser sends them.
  var probe: Probe {
    get throws { try Probe(port: #require(URLComponents(string: address)?.port)) }
  }

  /// Waits until `path` answers with text in which `word` is.
  func wait(for word: String, at path: String) async throws {
    let probe = try probe
    var text = ""
    let deadline = ContinuousClock.now + Patience.duration
    while !text.contains(word) {
      try #require(ContinuousClock.now < deadline, "no \(word) in \(path): \(text.prefix(2_000))")
      let code = await process.ended(withinMs: 100)
      try #require(code == nil, "\(process.text)")
      text = try await probe.get(path).body
    }
  }

  private static func address(in text: String) -> String? {
    text.firstMatch(of: /http:\/\/(?:127\.0\.0\.1|\[::1\]|0\.0\.0\.0):\d+/).map { String($0.0) }
  }

  private static func token(in text: String) -> String? {
    text.firstMatch(of: /token\s+(?<token>[\w\-]{16,})/).map { String($0.token) }
  }
}
