import Dashboard
import Digests
import Foundation
import PipelineSpec
import StreamCore
import WorkerRuntime

/// The console of a demonstration: on this machine alone, with a token made for this run.
enum DemoConsole {
  /// How long the worker may take to make its file.
  private static let fileTimeoutMs: Int64 = 30_000

  /// Starts it once there is a file, and prints where it is; nil when the demonstration ended
  /// before.
  ///
  /// - Throws: `ConsoleError` when the address that was asked for cannot be had.
  static func start(
    _ session: DemoSession, at address: ConsoleAddress?, _ board: LiveBoard,
    log: @escaping @Sendable (String) -> Void
  ) throws -> ConsoleServer? {
    guard session.wait(timeoutMs: fileTimeoutMs, until: { $0.status.snapshots > 0 }) else {
      return nil
    }
    let secret = token()
    var pipeline = session.pipeline
    if !pipeline.console.grants.contains(where: \.mayWrite) {
      pipeline.console.grants.append(
        ConsoleOptions.Grant(name: "demo", token: secret, mayWrite: true, mayReveal: true))
    }
    var setup = ConsoleSetup(
      dataPath: session.options.dataPath, pipeline: pipeline,
      address: address ?? ConsoleAddress(host: "127.0.0.1", port: 8_080),
      live: { board.figures }, log: log)
    let server: ConsoleServer
    do {
      server = try ConsoleServer.start(setup)
    } catch let error as ConsoleError {
      guard address == nil else { throw error }
      setup.address.port = 0
      server = try ConsoleServer.start(setup)
    }
    let text =
      """

       Open \(server.url) to see it. To change something there, sign in with the token
       \(secret)


      """
    try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    return server
  }

  /// 100 bits, to be copied by hand.
  private static func token() -> String {
    let letters = Array("abcdefghijkmnpqrstuvwxyz23456789")
    let text = SecretBytes.make(20).map { letters[Int($0) % letters.count] }
    return stride(from: 0, to: 20, by: 5).map { String(text[$0..<$0 + 5]) }.joined(separator: "-")
  }
}
