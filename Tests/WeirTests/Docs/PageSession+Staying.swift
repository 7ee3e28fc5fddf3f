import Foundation
import KafkaClient
import SnapshotStore
import StreamCore

/// Workers and consoles, which go on beside the commands that follow.
extension PageSession {
  /// A command that goes on until a signal.
  struct Stay {
    var run: ShellRun
    var command: DocumentCommand
    var arguments: [String]
    /// The file of results that it writes, or shows.
    var data: String?

    /// Whether both want the same lock or the same port.
    func isInTheWay(of other: [String], data otherData: String?) -> Bool {
      let isWorker = arguments[0] != "serve" && other[0] != "serve"
      return isWorker && data == otherData
        || PageSession.listens(arguments) && PageSession.listens(other)
    }
  }

  /// What a command that went on had done when it was stopped.
  typealias Stopped = (command: DocumentCommand, outcome: Shell.Outcome)

  /// Whether a command has a console.
  private static func listens(_ arguments: [String]) -> Bool {
    arguments.first != "run" || arguments.contains("--listen")
  }

  /// Starts a command that goes on, and waits until it does what it is for. What is in its way is
  /// stopped before.
  ///
  /// - Returns: what was stopped, and what the command did if it has ended, or does not come up.
  func start(
    _ command: DocumentCommand, _ arguments: [String]
  ) async throws -> (stopped: [Stopped], failure: Shell.Outcome?) {
    let data = dataFile(arguments)
    let stopped = await stop { $0.isInTheWay(of: arguments, data: data) }
    let lines = command.text.split(separator: "\n").map { $0.replacing(#/ +#.*$/#, with: "") }
    var text = lines.joined(separator: "\n")
    if arguments[0] != "run", !arguments.contains("--listen") { text += " --listen 8080" }
    let run = try ShellRun(
      "\(prelude)\nexec env \(inSession(text))", in: checkout, environment: environment)
    let deadline = ContinuousClock.now + .seconds(Shell.secondsMax)
    while ContinuousClock.now < deadline {
      if let code = await run.ended(withinMs: 50) {
        return (stopped, Shell.Outcome(code: code, output: asWritten(run.output)))
      }
      if isUp(run, arguments, data) {
        stays.append(Stay(run: run, command: command, arguments: arguments, data: data))
        return (stopped, nil)
      }
    }
    run.send(SIGKILL)
    return (
      stopped, Shell.Outcome(code: -SIGKILL, output: asWritten(run.output) + "\n(it is not up)")
    )
  }

  /// Ends what goes on and `isMeant`, as a service manager would, newest first.
  func stop(_ isMeant: (Stay) -> Bool = { _ in true }) async -> [Stopped] {
    let meant = stays.reversed().filter(isMeant)
    stays.removeAll(where: isMeant)
    var stopped: [Stopped] = []
    for stay in meant {
      stay.run.send(SIGTERM)
      let code = await stay.run.ended(withinMs: 30_000)
      stay.run.send(SIGKILL)
      stopped.append(
        (
          stay.command,
          Shell.Outcome(code: code ?? -SIGKILL, output: asWritten(stay.run.output))
        ))
    }
    return stopped
  }

  /// The file that a command works on, as a path.
  private func dataFile(_ arguments: [String]) -> String? {
    let here = URL(filePath: currentFolder + "/")
    let path = { (name: String) in URL(filePath: self.inSession(name), relativeTo: here).path }
    if let option = arguments.firstIndex(of: "--data"), option + 1 < arguments.count {
      return path(arguments[option + 1])
    }
    guard arguments.count > 1 else { return nil }
    if arguments[0] == "serve" { return path(arguments[1]) }
    guard arguments[0] == "run",
      let text = try? String(contentsOfFile: path(arguments[1]), encoding: .utf8),
      let name = text.firstMatch(of: /(?m)^name: *([A-Za-z0-9_-]+)/)
    else { return nil }
    return path(String(name.output.1) + ".sqlite")
  }

  private var currentFolder: String {
    (try? String(contentsOfFile: folder.file("abs/state/cwd"), encoding: .utf8))?
      .trimmingCharacters(in: .newlines) ?? checkout
  }

  /// Whether a console can be asked, and a worker has read what its topics hold.
  private func isUp(_ run: ShellRun, _ arguments: [String], _ data: String?) -> Bool {
    if Self.listens(arguments), !run.output.contains("http://") { return false }
    if arguments[0] != "run" { return true }
    guard let data, FileManager.default.fileExists(atPath: data),
      let reader = try? ResultsReader.open(path: data)
    else { return false }
    defer { reader.close() }
    guard let topics = try? KafkaTopics(settings: KafkaSettings(brokers: broker.bootstrapServers)),
      let progress = try? reader.partitions(), !progress.isEmpty
    else { return false }
    return progress.allSatisfy { progress in
      (try? topics.watermarks(progress.id).end).map { $0 <= progress.nextOffset } ?? false
    }
  }
}
