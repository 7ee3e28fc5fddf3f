import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import PipelineSpec
import ServiceLifecycle
import SnapshotStore
import StreamCore
import Synchronization

/// Why a console does not start.
public struct ConsoleError: Error, Sendable, CustomStringConvertible {
  /// What is wrong, and what to do.
  public var description: String
}

/// The console's HTTP server, beside a worker or by itself.
///
/// Runs on threads of its own from `start` to `stop`. Both block, and may be called from any thread
/// that may.
public final class ConsoleServer: Sendable {
  /// Where it listens, with the port that the system chose.
  public let address: ConsoleAddress
  /// Where a browser on this machine finds it.
  public var url: String { "http://\(address)/" }

  private let group: ServiceGroup
  private let ended: Awaited
  private let console: Console

  /// Opens the file and begins to listen.
  ///
  /// - Throws: `StoreError` when the file cannot be read, `ConsoleError` when the address cannot be
  ///   had, or when it is beyond loopback and nobody has a token.
  public static func start(_ setup: ConsoleSetup) throws -> ConsoleServer {
    guard setup.address.isLoopback || !setup.tokens.isEmpty else {
      throw ConsoleError(
        description: "the console would be open to everybody who reaches \(setup.address): give "
          + "the pipeline file a `console: {tokens: …}`, or listen on 127.0.0.1")
    }
    let console = try Console(setup)
    let connections = Limits.availableConnections()
    // Requests need connections as well.
    let updates = LiveUpdates(console, readersMax: connections / 2)
    var logger = Logger(label: "weir.console") { _ in SwiftLogNoOpLogHandler() }
    logger.logLevel = .critical
    let bound = Awaited()
    let ended = Awaited()
    let application = Application(
      router: ConsoleRouter.make(console, updates),
      server: .http1(configuration: Self.channel),
      configuration: ApplicationConfiguration(
        address: .hostname(setup.address.host, port: setup.address.port), backlog: 512,
        availableConnectionsDelegate: MaximumAvailableConnections(connections)),
      onServerRunning: { channel in bound.open(channel.localAddress?.port ?? 0) },
      logger: logger)
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(services: [application, updates], logger: logger))
    Task.detached {
      do {
        try await group.run()
        ended.open(0)
      } catch {
        bound.fail("\(error)")
        ended.open(0)
      }
    }
    switch bound.wait(seconds: 30) {
    case .success(let port):
      return ConsoleServer(
        address: ConsoleAddress(host: setup.address.host, port: port), group: group,
        ended: ended, console: console)
    case .failure(let error):
      throw ConsoleError(
        description: "the console cannot listen on \(setup.address): \(error.description); choose "
          + "another address with --listen, or end what has it")
    }
  }

  private init(
    address: ConsoleAddress, group: ServiceGroup, ended: Awaited, console: Console
  ) {
    self.address = address
    self.group = group
    self.ended = ended
    self.console = console
  }

  /// Ends open connections and stops listening; waits for that at most some seconds.
  public func stop() {
    let group = group
    Task.detached { await group.triggerGracefulShutdown() }
    _ = ended.wait(seconds: 5)
    console.close()
  }

  /// Limits of one connection: `Limits` has those of a request.
  private static var channel: HTTP1Channel.Configuration {
    HTTP1Channel.Configuration(
      idleTimeout: .seconds(60),
      httpDecoderConfiguration: .init(
        maxHeaderFieldSize: Limits.headerBytes, maxHeaderListSize: Limits.headerBytes,
        maxHeaderFieldCount: 100))
  }
}

/// Limits of one request.
enum Limits {
  /// Bytes of all header fields.
  static let headerBytes = 16 * 1024
  /// Bytes of the path and query.
  static let targetBytes = 4 * 1024
  /// Bytes of a body.
  static let bodyBytes = 64 * 1024
  /// How long a body may take to come.
  static let bodySeconds = 10
  /// Requests that may wait for a thread: every open page asks when something is committed.
  static let waiting = 1_024
  /// Requests for what takes long that may wait for their thread.
  static let heavyWaiting = 16
  /// Connections at once, where the system allows so many open files.
  static let connections = 2_000
  /// Open files that are left to the worker, its store and its broker's connections.
  private static let filesKept = 256

  /// Connections that this process can have at once: open files are what it must not run out of.
  /// Raises the process's own limit as far as it may.
  static func availableConnections() -> Int {
    var files = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(resource, &files) == 0 else { return filesKept }
    if files.rlim_cur < files.rlim_max {
      var raised = files
      raised.rlim_cur = max(
        files.rlim_cur, min(files.rlim_max, rlim_t(connections + filesKept)))
      if setrlimit(resource, &raised) == 0 { files = raised }
    }
    return max(16, min(connections, Int(clamping: files.rlim_cur) - filesKept))
  }
}

/// A number that one thread waits for and another gives.
///
/// `@unchecked Sendable`: everything is read and written under the condition's lock.
final class Awaited: @unchecked Sendable {
  struct Failure: Error, CustomStringConvertible { var description: String }

  private let condition = NSCondition()
  private var result: Result<Int, Failure>?

  func open(_ value: Int) { settle(.success(value)) }
  func fail(_ reason: String) { settle(.failure(Failure(description: reason))) }

  private func settle(_ value: Result<Int, Failure>) {
    condition.withLock {
      result = result ?? value
      condition.broadcast()
    }
  }

  /// Waits at most so long; a failure when that was too short.
  func wait(seconds: Double) -> Result<Int, Failure> {
    let deadline = Date(timeIntervalSinceNow: seconds)
    return condition.withLock {
      while result == nil {
        if !condition.wait(until: deadline) { break }
      }
      return result ?? .failure(Failure(description: "it took too long"))
    }
  }
}
