import Foundation
import KafkaClient
import PipelineSpec
import SnapshotStore
import StreamCore
import StreamTestKit

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
    let work = self.work(of: arguments)
    let stopped = await stop { $0.isInTheWay(of: arguments, data: work.data) }
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
      if isUp(run, arguments, work) {
        stays.append(Stay(run: run, command: command, arguments: arguments, data: work.data))
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
      let code = await stay.run.ended(withinMs: Patience.ms)
      stay.run.send(SIGKILL)
      stopped.append(
        (
          stay.command,
          Shell.Outcome(code: code ?? -SIGKILL, output: asWritten(stay.run.output))
        ))
    }
    return stopped
  }

  /// What a command that goes on works on: its file as a path, and the topics that it reads.
  private func work(of arguments: [String]) -> (data: String?, topics: [String]) {
    let here = URL(filePath: currentFolder + "/")
    let path = { (name: String) in URL(filePath: self.inSession(name), relativeTo: here).path }
    guard arguments.count > 1 else { return (nil, []) }
    if arguments[0] == "serve" { return (path(arguments[1]), []) }
    guard arguments[0] == "run",
      let loaded = try? Pipeline.load(
        path: path(arguments[1]), environment: environment, secretsRequired: false)
    else { return (nil, []) }
    let topics = loaded.kafka.values.map(\.topic).sorted()
    if let option = arguments.firstIndex(of: "--data"), option + 1 < arguments.count {
      return (path(arguments[option + 1]), topics)
    }
    return (path(loaded.plan.name + ".sqlite"), topics)
  }

  private var currentFolder: String {
    (try? String(contentsOfFile: folder.file("abs/state/cwd"), encoding: .utf8))?
      .trimmingCharacters(in: .newlines) ?? checkout
  }

  /// Whether `run` holds the lock of a file of results: a worker takes it once it hears signals.
  private func holds(_ run: ShellRun, _ data: String) -> Bool {
    (try? String(contentsOfFile: data + ".lock", encoding: .utf8)) == "\(run.id)\n"
  }

  /// Whether a console can be asked, and a worker has read what its topics hold.
  private func isUp(
    _ run: ShellRun, _ arguments: [String], _ work: (data: String?, topics: [String])
  ) -> Bool {
    if Self.listens(arguments), !run.output.contains("http://") { return false }
    if arguments[0] != "run" { return true }
    guard let data = work.data, holds(run, data), Findings.read(data) != nil,
      let progress = try? ResultsReader.open(path: data).partitions(),
      let look = try? KafkaTopics(settings: KafkaSettings(brokers: broker.bootstrapServers))
    else { return false }
    let read = Dictionary(uniqueKeysWithValues: progress.map { ($0.id, $0.nextOffset) })
    return work.topics.allSatisfy { topic in
      guard let count = try? look.partitions(of: topic) else { return false }
      return (0..<count).allSatisfy { partition in
        let id = PartitionID(topic: topic, partition: partition)
        guard let marks = try? look.watermarks(id) else { return false }
        return marks.end <= read[id] ?? 0
      }
    }
  }
}
