/// What a key's record says of one funnel, taken apart: its entry windows that can still change,
/// and the chains that are open in them.
///
/// Of two chains at one level of one window the later begun can do all that the other can, so at
/// most one a level is kept. A chain that has come further than another that did not begin later
/// makes that one superfluous; a chain moves from level to level, so there is none such.
///
/// Section, for each window: a byte (level, `doneBit`, `singleBit`); the time of the first step of
/// the chain that counts, from that of the window before; unless done the series and the times
/// between its steps; unless the only open chain is the one that counts, the open chains: level,
/// series, first step's time from the window's, times between steps.
final class FunnelChains {
  /// An entry window in which the key has begun a chain.
  struct Window {
    var ordinal: Int64
    /// The chain that counts: the one that first came so far.
    var path: Path
    /// Whether all steps are done; then nothing more is known of it than its first step.
    var isDone: Bool
  }

  /// A chain that may go on.
  struct Chain {
    var window: Int64
    var path: Path
  }

  /// The steps of a chain.
  struct Path {
    var series: Int32
    /// Steps so far.
    var level: Int
    /// Where their times are.
    fileprivate var at: Int
  }

  static let doneBit: UInt8 = 0x40
  static let singleBit: UInt8 = 0x80

  /// In order of time.
  var windows: [Window] = []
  /// By window; further come ones first among those of one.
  var chains: [Chain] = []
  /// Times of steps, `stepCount` for each path.
  private let times = Slab<Int64>(capacity: 64)
  private let stepCount: Int
  private var used = 0

  init(stepCount: Int) { self.stepCount = stepCount }

  /// The time of a path's step, from 0.
  @inline(__always)
  func time(_ path: Path, _ step: Int) -> Int64 { times[path.at &+ step] }

  /// A path of one step.
  func makePath(series: Int32, timeMs: Int64) -> Path {
    times.extend(to: used + stepCount, with: 0)
    let path = Path(series: series, level: 1, at: used)
    times[used] = timeMs
    used += stepCount
    return path
  }

  /// A copy of a path, independent of it.
  func copy(_ path: Path) -> Path {
    var copy = makePath(series: path.series, timeMs: time(path, 0))
    for step in 1..<max(1, path.level) { times[copy.at + step] = time(path, step) }
    copy.level = path.level
    return copy
  }

  /// Takes a path one step on.
  @inline(__always)
  func extend(_ path: inout Path, timeMs: Int64) {
    guard path.level < stepCount else { return }
    times[path.at &+ path.level] = timeMs
    path.level &+= 1
  }

  /// Whether two paths have the same series and times, as far as the shorter goes.
  func agree(_ a: Path, _ b: Path) -> Bool {
    a.series == b.series
      && (0..<min(a.level, b.level)).allSatisfy { time(a, $0) == time(b, $0) }
  }

  /// Takes a section apart. `ordinal` gives the entry window of a time.
  @inline(__always)
  func read(_ section: UnsafeRawBufferPointer, _ ordinal: (Int64) -> Int64) {
    windows.removeAll(keepingCapacity: true)
    chains.removeAll(keepingCapacity: true)
    used = 0
    var reader = RecordReader(section)
    var last: Int64 = 0
    while !reader.isAtEnd {
      let head = reader.readByte()
      let level = Int(head & 0x3F)
      if level == 0 || level > stepCount { break }
      last = RecordReader.bounded(last &+ reader.readSignedVarint())
      let isDone = head & Self.doneBit != 0
      let series = isDone ? 0 : reader.readNumber()
      var path = makePath(series: series, timeMs: last)
      let number = ordinal(last)
      if isDone {
        path.level = level
      } else {
        readTimes(&reader, level, &path)
        readChains(&reader, number, path, isSingle: head & Self.singleBit != 0)
      }
      windows.append(Window(ordinal: number, path: path, isDone: isDone))
    }
  }

  @inline(__always)
  private func readChains(
    _ reader: inout RecordReader, _ window: Int64, _ counting: Path, isSingle: Bool
  ) {
    if isSingle {
      chains.append(Chain(window: window, path: copy(counting)))
      return
    }
    for _ in 0..<min(reader.readVarint(), UInt64(stepCount)) {
      let level = min(max(1, Int(reader.readByte())), stepCount)
      let series = reader.readNumber()
      let first = RecordReader.bounded(time(counting, 0) &+ reader.readSignedVarint())
      var path = makePath(series: series, timeMs: first)
      readTimes(&reader, level, &path)
      chains.append(Chain(window: window, path: path))
    }
  }

  @inline(__always)
  private func readTimes(_ reader: inout RecordReader, _ level: Int, _ path: inout Path) {
    var timeMs = time(path, 0)
    for _ in 1..<max(1, level) {
      let gapMs = Int64(truncatingIfNeeded: reader.readVarint())
      timeMs = RecordReader.bounded(timeMs &+ gapMs)
      extend(&path, timeMs: timeMs)
    }
  }

  /// Writes the section.
  func write(into writer: RecordWriter) {
    var last: Int64 = 0
    var at = 0
    for window in windows {
      let first = at
      while at < chains.count, chains[at].window == window.ordinal { at += 1 }
      let path = window.path
      let isSingle =
        at == first + 1 && chains[first].path.level == path.level && agree(chains[first].path, path)
      writer.writeByte(
        UInt8(path.level) | (window.isDone ? Self.doneBit : 0) | (isSingle ? Self.singleBit : 0))
      writer.writeSignedVarint(time(path, 0) &- last)
      last = time(path, 0)
      if window.isDone { continue }
      writer.writeVarint(UInt64(path.series))
      writeTimes(path, into: writer)
      if isSingle { continue }
      writer.writeVarint(UInt64(at - first))
      for chain in chains[first..<at] {
        writer.writeByte(UInt8(chain.path.level))
        writer.writeVarint(UInt64(chain.path.series))
        writer.writeSignedVarint(time(chain.path, 0) &- last)
        writeTimes(chain.path, into: writer)
      }
    }
  }

  @inline(__always)
  private func writeTimes(_ path: Path, into writer: RecordWriter) {
    for step in 1..<max(1, path.level) {
      writer.writeVarint(UInt64(bitPattern: time(path, step) &- time(path, step &- 1)))
    }
  }
}
