import ArgumentParser
import Foundation
import Inspection
import KafkaClient
import StreamCore
import WorkerRuntime

/// What was inspected: the profile, and what a proposal needs beside it.
struct Inspected {
  var profile: Profile
  /// What the records are of, for people.
  var origin: String
  /// How rows are read; nil for JSON.
  var csv: CSVFormat?
  /// Brokers and topic, of a topic.
  var kafka: (brokers: String, topic: String)?
}

/// Reads files for a profile, many at a time, so that none is known before the others are seen.
struct FileInspector {
  /// Files that are open at a time.
  private static let filesOpen = 64
  /// Records that are taken of one file before the next has its turn.
  private static let turn = 512

  var options: InspectionOptions
  /// Records to read of all files together; nil for all.
  var limit: Int64?
  /// Called now and then with how far it is.
  var report: (InputProgress) -> Void = { _ in }

  /// Reads the files, and once again when the first records were wrong about how times are
  /// written: `01/02/2026` says nothing, `13/02/2026` far below it all.
  ///
  /// - Throws: `InputErrors`, `InputError`.
  func run(_ input: SpooledInput) throws -> Inspected {
    let first = try read(input)
    guard let better = first.profile.betterRoles else { return first }
    var again = self
    again.options.roles = better
    return try again.read(input)
  }

  private func read(_ input: SpooledInput) throws -> Inspected {
    let files = try InputFiles.checked(input.paths)
    let progress = InputProgress(totalBytes: InputFiles.totalBytes(files))
    let profiler = Profiler(options: options)
    var csv: CSVFormat?
    var waiting = files[...]
    var broken: [String] = []
    var open: [(file: RecordFile, id: PartitionID, left: Int64)] = []
    let share = limit.map { max(1, ($0 + Int64(files.count) - 1) / Int64(files.count)) }
    while !waiting.isEmpty || !open.isEmpty {
      while open.count < Self.filesOpen, let path = waiting.popFirst() {
        let source = try Self.source(of: path)
        if csv == nil, case .csv(let format) = source.format { csv = format }
        let file = try RecordFile(path: path, source: source, progress: progress)
        let id = PartitionID(topic: input.name(of: path), partition: 0)
        open.append((file, id, share ?? .max))
      }
      for index in open.indices {
        let (file, id, left) = open[index]
        let count = try file.nextBatch(max: Int(min(left, Int64(Self.turn)))) {
          profiler.add($0, partition: id, format: file.format)
        }
        open[index].left = count == 0 ? 0 : left - Int64(count)
      }
      for (file, _, left) in open where left <= 0 && file.counts.brokenCharacters > 0 {
        let name = input.name(of: file.path)
        let count = Terminal.count(file.counts.brokenCharacters, "piece")
        broken.append("\(name) has \(count) of text that are no characters of its encoding")
      }
      open.removeAll { $0.left <= 0 }
      report(progress)
    }
    let names = files.map(input.name)
    let origin =
      names.count <= 3
      ? names.joined(separator: ", ") : "\(names[0]) and \(names.count - 1) other files"
    var profile = profiler.finish()
    profile.warnings += broken.map {
      ProfileWarning(code: "broken-characters", text: $0, isSerious: false)
    }
    if let encoding = csv?.encoding, encoding != .utf8 { profile.encoding = encoding.rawValue }
    return Inspected(profile: profile, origin: origin, csv: csv)
  }

  /// A source that reads a file in the format that its beginning shows.
  private static func source(of path: String) throws -> SourcePlan {
    let head = try InputFiles.head(path, bytes: FormatGuess.headBytes)
    return SourcePlan(
      name: "inspected", topic: nil, format: FormatGuess.format(of: head), fields: [])
  }
}

/// What can be read only once, copied so that it can be read again. The copies have no names: they
/// go with this, or with the process, however that ends.
final class SpooledInput {
  /// What standard input is called.
  static let standardInput = "standard input"

  /// The paths to read, in place of those given.
  let paths: [String]
  /// Names for people of those that are copies.
  private let names: [String: String]
  private let copies: [CInt]

  /// - Throws: `InputError`, `InputErrors`.
  init(_ given: [String]) throws {
    _ = try InputFiles.checked(given)
    var paths: [String] = []
    var names: [String: String] = [:]
    var copies: [CInt] = []
    do {
      for path in given {
        guard InputFiles.isPassing(path) else {
          paths.append(path)
          continue
        }
        let copy = try InputFiles.spool(path, in: FileManager.default.temporaryDirectory.path)
        copies.append(copy)
        paths.append("/proc/self/fd/\(copy)")
        names["/proc/self/fd/\(copy)"] =
          path == "-" ? Self.standardInput : (path as NSString).lastPathComponent
      }
    } catch {
      for copy in copies { close(copy) }
      throw error
    }
    self.paths = paths
    self.names = names
    self.copies = copies
  }

  deinit {
    for copy in copies { close(copy) }
  }

  /// What the file at one of `paths` is called: without its folder.
  func name(of path: String) -> String { names[path] ?? (path as NSString).lastPathComponent }
}

/// Reads a topic for a profile: from the beginning to where the log ended at the start, without
/// joining a group or committing anything.
struct TopicInspector {
  private static let pollMs: Int32 = 200
  /// Polls without anything after which the brokers are taken as gone: half a minute.
  private static let emptyPollsMax = 150

  var options: InspectionOptions
  var settings: KafkaSettings
  /// Records to read of all partitions together; nil for all.
  var limit: Int64?
  /// Called now and then with the records read and the offsets to read in all.
  var report: (_ read: Int64, _ total: Int64) -> Void = { _, _ in }

  /// - Throws: `KafkaError`.
  func run(_ topic: String) throws -> Inspected {
    let topics = try KafkaTopics(settings: settings)
    let ids = (0..<(try topics.partitions(of: topic))).map {
      PartitionID(topic: topic, partition: $0)
    }
    var starts: [Int64] = []
    var ends: [Int64] = []
    var total: Int64 = 0
    for id in ids {
      let marks = try topics.watermarks(id)
      starts.append(marks.earliest)
      ends.append(marks.end)
      total += marks.end - marks.earliest
    }
    let share = limit.map { max(1, ($0 + Int64(ids.count) - 1) / Int64(ids.count)) } ?? .max
    let log = Log.command
    defer { log.flush() }
    let consumer = try KafkaConsumer(settings: settings, groupID: nil, log: KafkaLog(log))
    defer { consumer.close() }
    try consumer.assign(ids.map { ($0, .beginning) })
    var options = options
    options.isTopic = true
    let profiler = Profiler(options: options)
    var format: PayloadFormat?
    var left = [Int64](repeating: share, count: ids.count)
    var isDone = ids.indices.map { ends[$0] <= starts[$0] }
    var emptyPolls = 0
    var read: Int64 = 0
    while isDone.contains(false) {
      let outcome = try consumer.poll(timeoutMs: Self.pollMs) { index, run in
        let take = run.prefix { $0.offset < ends[index] }.prefix(Int(min(left[index], 1 << 20)))
        if let last = run.last, last.offset >= ends[index] - 1 { isDone[index] = true }
        guard !take.isEmpty else { return }
        let used = format ?? Self.format(of: take)
        format = used
        profiler.add(UnsafeBufferPointer(rebasing: take), partition: ids[index], format: used)
        left[index] -= Int64(take.count)
        read += Int64(take.count)
        if left[index] <= 0 { isDone[index] = true }
      }
      for index in ids.indices where !isDone[index] {
        isDone[index] =
          consumer.isAtEnd(index) || (consumer.nextOffset(index) ?? -1) >= ends[index]
      }
      for index in ids.indices where isDone[index] && !consumer.isPaused(index) {
        try consumer.pause(index)
      }
      emptyPolls = outcome.messages == 0 && outcome.ends.isEmpty ? emptyPolls + 1 : 0
      if emptyPolls > Self.emptyPollsMax, isDone.contains(false) {
        Terminal.endProgress()
        Terminal.tell(
          "weir: the brokers \(settings.brokers) have sent nothing of \(topic) for "
            + "\(Int(Self.pollMs) * emptyPolls / 1000) s; check that all of them can be reached")
        throw ExitCode.unreachable
      }
      report(read, total)
    }
    var csv: CSVFormat?
    if case .csv(let found) = format { csv = found }
    return Inspected(
      profile: profiler.finish(), origin: "topic \(topic)", csv: csv,
      kafka: (settings.brokers, topic))
  }

  /// The format of the first records of a topic: rows of CSV have no header there.
  private static func format(of records: Slice<UnsafeBufferPointer<RawMessage>>) -> PayloadFormat {
    var head: [UInt8] = []
    for record in records where record.payload != nil && head.count < FormatGuess.headBytes {
      head += UnsafeRawBufferPointer(start: record.payload, count: Int(record.payloadCount))
      head.append(0x0A)
    }
    return FormatGuess.format(of: head)
  }
}
