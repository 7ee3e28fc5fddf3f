import StreamCore

/// One virtual partition of sorted files, as a log: records in event-time order, offsets from 0.
///
/// Partitions of one `SortedInput` may be read at the same time by several threads, each of them by
/// one thread at a time; nothing that one reader changes is seen by another.
public final class SortedPartition: RecordReader, @unchecked Sendable {
  /// How the records of the current batch are read; of CSV, with the header filled in.
  public private(set) var format: PayloadFormat
  /// Offset of the next record.
  public private(set) var nextOffset: Int64 = 0

  private let layouts: [PayloadFormat]
  private var layout = -1
  private var records: Records
  private var messages: [RawMessage] = []
  private var failure: (any Error)?

  /// Where the records are.
  private enum Records {
    /// In memory: indices into the run's order.
    case memory(SortRun, Range<Int>)
    /// On disk, one cursor a run.
    case spilled(RunMerge)
  }

  /// A partition whose records are `range` of `run`'s order.
  init(run: SortRun, range: Range<Int>, layouts: [PayloadFormat]) {
    records = .memory(run, range)
    self.layouts = layouts
    format = layouts.first ?? .json
  }

  /// A partition whose records are merged from runs on disk.
  init(merging merge: RunMerge, layouts: [PayloadFormat]) {
    records = .spilled(merge)
    self.layouts = layouts
    format = layouts.first ?? .json
  }

  /// Hands over up to `max` records in event-time order, payloads valid in the closure only; see
  /// `RecordReader`. O(log runs) a record.
  public func nextBatch(
    max: Int, _ handle: (UnsafeBufferPointer<RawMessage>) throws -> Void
  ) throws -> Int {
    if let failure { throw failure }
    do {
      messages.removeAll(keepingCapacity: true)
      switch records {
      case .memory(let run, let range):
        let taken = take(from: run, range, max: Swift.max(max, 1))
        records = .memory(run, range.dropFirst(taken))
      case .spilled(let merge):
        try take(from: merge, max: Swift.max(max, 1))
      }
      guard !messages.isEmpty else { return 0 }
      format = layouts[layout]
      try messages.withUnsafeBufferPointer(handle)
      return messages.count
    } catch {
      failure = error
      throw error
    }
  }

  /// Takes records up to a change of layout.
  private func take(from run: SortRun, _ range: Range<Int>, max: Int) -> Int {
    guard let first = range.first else { return 0 }
    let batchLayout = run.entries[Int(run.order[first])].layout
    layout = Int(batchLayout)
    for index in range.prefix(max) {
      let entry = run.entries[Int(run.order[index])]
      if entry.layout != batchLayout { break }
      add(entry.payload, entry.count)
    }
    return messages.count
  }

  /// Takes records up to a change of layout, or to where one of the runs has to read on, which
  /// would pull the memory away from under the records taken.
  private func take(from merge: RunMerge, max: Int) throws {
    try merge.prepare()
    guard let first = merge.current else { return }
    layout = Int(first.layout)
    while messages.count < max, let record = merge.current, record.layout == first.layout {
      add(record.payload, record.count)
      guard try merge.advance() else { break }
    }
  }

  @inline(__always)
  private func add(_ payload: UnsafePointer<UInt8>?, _ count: Int32) {
    messages.append(RawMessage(payload: payload, payloadCount: count, offset: nextOffset))
    nextOffset += 1
  }
}

/// Merges one partition's segments of several runs by (event time, run).
///
/// Runs are in the order in which their records were read, and each is stable, so that ties keep
/// the order of the input. O(log runs) a record.
final class RunMerge {
  private var cursors: [SpillCursor]
  /// Binary heap of indices into `cursors`; the least (time, index) is first.
  private var heap: [Int] = []
  private var isStarted = false
  /// The first cursor of the heap has to read before the merge goes on.
  private var mustRead = false

  /// A merge of `partition`'s segments of `files`.
  init(files: [SpillFile], partition: Int, bufferBytes: Int) {
    cursors = files.map {
      SpillCursor(file: $0, segment: $0.segments[partition], bufferBytes: bufferBytes)
    }
  }

  /// The next record; nil at the end. Call `prepare` first.
  var current: SpilledRecord? { heap.first.map { cursors[$0].record } }

  /// Reads what has to be read for `current`. Invalidates payloads.
  func prepare() throws {
    if !isStarted {
      isStarted = true
      for index in cursors.indices {
        if case .record = try cursors[index].advance(mayRead: true) { heap.append(index) }
      }
      for position in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(position) }
    } else if mustRead {
      mustRead = false
      try step(mayRead: true)
    }
  }

  /// Goes to the next record. False when `prepare` has to be called before.
  func advance() throws -> Bool {
    try step(mayRead: false)
    return !mustRead
  }

  private func step(mayRead: Bool) throws {
    guard let top = heap.first else { return }
    switch try cursors[top].advance(mayRead: mayRead) {
    case .record: break
    case .mustRead:
      mustRead = true
      return
    case .end:
      heap[0] = heap[heap.count - 1]
      heap.removeLast()
    }
    siftDown(0)
  }

  @inline(__always)
  private func comesBefore(_ a: Int, _ b: Int) -> Bool {
    (cursors[a].record.timeMs, a) < (cursors[b].record.timeMs, b)
  }

  private func siftDown(_ start: Int) {
    var position = start
    while true {
      var least = 2 * position + 1
      guard least < heap.count else { return }
      if least + 1 < heap.count, comesBefore(heap[least + 1], heap[least]) { least += 1 }
      guard comesBefore(heap[least], heap[position]) else { return }
      heap.swapAt(least, position)
      position = least
    }
  }
}
