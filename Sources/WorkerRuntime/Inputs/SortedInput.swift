import Glibc
import StreamCore

/// Finite history from any set of files, sorted by event time and dealt to virtual partitions by
/// user, so that nothing is late and one user is in one partition.
///
/// Ties of event time keep the order of (file name, line), so the same files give the same
/// partitions and offsets in whatever order they were named. Records that cannot be read are not
/// lost: they stay behind the record before them, where the worker rejects and counts them.
///
/// Memory: `Options.memoryBytes` while sorting. What fits stays there; else sorted runs go to
/// unnamed temporary files, about as large as the unpacked input, which are gone when the input is
/// released or the process ends in any way. Up to `maxRuns` runs are merged at once; more are
/// merged to larger ones first.
///
/// The input of a pipeline with several sources is one `SortedInput` for each.
public final class SortedInput {
  /// How files are sorted.
  public struct Options: Sendable {
    /// Virtual partitions, 1 to 65,535.
    public var partitions: Int
    /// Memory for sorting, in bytes.
    public var memoryBytes: Int
    /// Where runs go that do not fit.
    public var spillDirectory: String
    /// Runs that are merged at once, at least 2.
    public var maxRuns = 64

    /// Makes options; `spillDirectory` is `SortedInput.spillDirectory(beside:)`, as a rule.
    public init(partitions: Int, memoryBytes: Int = 256 << 20, spillDirectory: String) {
      self.partitions = partitions
      self.memoryBytes = memoryBytes
      self.spillDirectory = spillDirectory
    }
  }

  /// The virtual partitions, by number.
  public let partitions: [SortedPartition]
  /// What was seen while reading.
  public let counts: RecordCounts
  /// Records whose event time could not be read.
  public let unreadable: Int64
  /// Records without a user, spread by their id or else by their place in the input.
  public let userless: Int64
  /// Event times of the first and the last readable record; nil when there was none.
  public let times: ClosedRange<EventTime>?
  /// Runs that went to disk.
  public let spilledRuns: Int
  /// Bytes written to disk, merges of runs included.
  public let spilledBytes: Int64

  /// Reads and sorts `files`, each as `source`'s events in the format that `InputFiles.format`
  /// tells. O(n), in one pass over the input and, if it is larger than memory, one or more passes
  /// over temporary files.
  ///
  /// - Parameters:
  ///   - source: The source of the pipeline that the files stand for.
  ///   - files: Paths in any order; `-` is standard input.
  ///   - options: How to sort.
  ///   - progress: Told about bytes and records read, from the calling thread.
  /// - Throws: `InputErrors` before anything is read; `InputError`.
  public init(
    source: SourcePlan, files: [String], options: Options, progress: InputProgress? = nil
  ) throws {
    var sorter = InputSorter(options: options)
    for path in try InputFiles.checked(files) {
      let file = try RecordFile(path: path, source: source, progress: progress)
      try sorter.take(file, keys: EventKeys(source: source, format: file.format))
    }
    partitions = try sorter.finish()
    counts = sorter.counts
    unreadable = sorter.unreadable
    userless = sorter.userless
    times = sorter.times
    spilledRuns = sorter.spilledRuns
    spilledBytes = sorter.spilledBytes
  }

  /// Where temporary files go unless somebody says otherwise: the directory of `dataFile`.
  public static func spillDirectory(beside dataFile: String) -> String {
    guard let slash = dataFile.lastIndex(of: "/") else { return "." }
    return slash == dataFile.startIndex ? "/" : String(dataFile[..<slash])
  }
}

/// The work of `SortedInput`: collects runs, spills them, hands out partitions.
struct InputSorter {
  private(set) var counts = RecordCounts()
  private(set) var unreadable: Int64 = 0
  private(set) var userless: Int64 = 0
  private(set) var times: ClosedRange<EventTime>?
  private(set) var spilledRuns = 0
  private(set) var spilledBytes: Int64 = 0

  private let options: SortedInput.Options
  private let partitions: Int
  private let run: SortRun
  private var layouts: [PayloadFormat] = []
  /// Runs on disk by how often they were merged. Those merged more often were read earlier.
  private var levels: [[SpillFile]] = [[]]

  private static let batch = 1024
  private static let chunkBytes = 4 << 20
  private static let cursorBytes = (16 << 10)...(256 << 10)

  init(options: SortedInput.Options) {
    self.options = options
    partitions = min(max(options.partitions, 1), Int(UInt16.max))
    run = SortRun(
      partitions: partitions,
      chunkBytes: min(max(options.memoryBytes / 16, 1 << 12), Self.chunkBytes))
  }

  /// Reads all of `file`.
  mutating func take(_ file: RecordFile, keys: EventKeys) throws {
    let layout = try index(of: file)
    var place = Place(timeMs: EventTime.distantPast.ms, partition: 0)
    while try file.nextBatch(
      max: Self.batch,
      { batch in
        guard var message = batch.baseAddress else { return }
        keys.beginBlock()
        for _ in 0..<batch.count {
          note(keys.key(of: message), of: message.pointee, at: &place)
          if run.bytes + SortRun.cost(message.pointee.payloadCount) > options.memoryBytes {
            try spill()
          }
          run.append(
            message.pointee, timeMs: place.timeMs, partition: place.partition, layout: layout)
          message += 1
        }
      }) > 0
    {}
    counts.add(file.counts)
  }

  /// Where a record goes.
  private struct Place {
    var timeMs: Int64
    var partition: Int
  }

  /// Moves `place` to that of a record with `key`; it stays where it was when there is no time.
  private mutating func note(_ key: SortKey, of message: RawMessage, at place: inout Place) {
    guard let time = key.time else {
      unreadable += 1
      return
    }
    times = times.map { min($0.lowerBound, time)...max($0.upperBound, time) } ?? time...time
    place.timeMs = time.ms
    if key.userHash == nil { userless += 1 }
    let hash = key.userHash ?? key.idHash ?? VirtualPartition.hash(offset: message.offset)
    place.partition = Int(hash % UInt64(partitions))
  }

  private mutating func index(of file: RecordFile) throws -> Int {
    if let known = layouts.firstIndex(of: file.format) { return known }
    guard layouts.count < Int(UInt16.max) else {
      throw InputError(
        .unsupported, file: file.path, reason: "more than \(UInt16.max) different CSV headers",
        advice: "read the files in several runs")
    }
    layouts.append(file.format)
    return layouts.count - 1
  }

  /// Writes the current run to disk and begins the next.
  private mutating func spill() throws {
    guard !run.isEmpty else { return }
    run.sort()
    let file = try SpillFile(directory: options.spillDirectory)
    for range in run.ranges {
      file.beginSegment()
      for index in run.order[range] {
        let entry = run.entries[Int(index)]
        try file.append(
          SpilledRecord(
            timeMs: entry.timeMs, payload: entry.payload, count: entry.count, layout: entry.layout))
      }
    }
    run.removeAll()
    spilledRuns += 1
    try add(file, level: 0)
  }

  private mutating func add(_ file: SpillFile, level: Int) throws {
    try file.finish()
    spilledBytes += file.bytes
    if level == levels.count { levels.append([]) }
    levels[level].append(file)
    guard levels[level].count >= max(options.maxRuns, 2) else { return }
    let merged = try merge(levels[level])
    levels[level] = []
    try add(merged, level: level + 1)
  }

  /// Makes one run of several.
  private func merge(_ files: [SpillFile]) throws -> SpillFile {
    let target = try SpillFile(directory: options.spillDirectory)
    for partition in 0..<partitions {
      target.beginSegment()
      let merge = RunMerge(
        files: files, partition: partition, bufferBytes: Self.cursorBytes.upperBound)
      try merge.prepare()
      while let record = merge.current {
        try target.append(record)
        if try !merge.advance() { try merge.prepare() }
      }
    }
    return target
  }

  /// Ends the input: the partitions, ready to read.
  mutating func finish() throws -> [SortedPartition] {
    if spilledRuns == 0 {
      run.sort()
      return run.ranges.map { SortedPartition(run: run, range: $0, layouts: layouts) }
    }
    try spill()
    let files = levels.reversed().flatMap { $0 }
    let share = options.memoryBytes / (files.count * partitions)
    let bytes = min(max(share, Self.cursorBytes.lowerBound), Self.cursorBytes.upperBound)
    return (0..<partitions).map { partition in
      SortedPartition(
        merging: RunMerge(files: files, partition: partition, bufferBytes: bytes), layouts: layouts)
    }
  }
}
