import SnapshotStore
import StreamCore

/// Windows that have closed, whether rows are stored of them or not: zeros are not.
struct ClosedWindows: Sendable {
  /// Distance of two starts.
  private enum Step: Sendable {
    case ms(Int64)
    case days(Int64)
    case months(Int64)
  }

  private let step: Step
  private let zone: Zone
  /// Windows that end after this are open.
  private let limit: EventTime

  /// Most windows that are made up.
  static let countMax = 5_000

  /// - Parameters:
  ///   - every: As a pipeline file has it: `1m`, `1d`, `1mo`. Nil for what is not understood.
  ///   - limit: The pipeline's watermark; of an input that has ended its greatest clock.
  init?(every: String?, zone: Zone, limit: EventTime?) {
    guard let every, let limit, let count = Int64(every.prefix { $0.isNumber }), count > 0 else {
      return nil
    }
    switch every.drop(while: \.isNumber) {
    case "ms": step = .ms(count)
    case "s": step = .ms(count * 1_000)
    case "m": step = .ms(count * 60_000)
    case "h": step = .ms(count * 3_600_000)
    case "d": step = .days(count)
    case "w": step = .days(7 * count)
    case "mo": step = .months(count)
    default: return nil
    }
    (self.zone, self.limit) = (zone, limit)
  }

  /// The start after `start`.
  private func next(_ start: EventTime) -> EventTime {
    switch step {
    case .ms(let ms): EventTime(ms: start.ms + ms)
    case .days(let days): zone.startOfDay(zone.dayNumber(of: start) + days)
    case .months(let months): zone.startOfMonth(zone.monthNumber(of: start) + months)
    }
  }

  /// Starts from `first` on of windows as long as that one that have ended, in order.
  ///
  /// - Parameters:
  ///   - windowMs: About how long they are, in milliseconds.
  ///   - to: Windows that start at or after this are left out.
  func starts(from first: EventTime, windowMs: Int64, to: EventTime?) -> [EventTime] {
    var starts: [EventTime] = []
    var start = first
    while starts.count < Self.countMax, start.ms + windowMs <= limit.ms,
      to.map({ start < $0 }) ?? true
    {
      starts.append(start)
      start = next(start)
    }
    return starts
  }

  /// The limit for a file: its watermark, or the greatest clock when all of its input is closed.
  static func limit(_ asked: Asked) throws -> EventTime? {
    guard let watermark = try asked.reader.snapshots(limit: 1).first?.watermark else { return nil }
    guard watermark.isEndOfInput else { return watermark }
    return try asked.reader.partitions().compactMap(\.clock).max()
  }
}

extension MetricData {
  /// Adds the zeros of closed windows without a row, to what has a value in each: counts, sums,
  /// distinct values. A series with dimensions has them from its first row to a week after its
  /// last.
  mutating func addZeros(_ asked: Asked, to end: EventTime?) throws {
    guard isAdditive || facts.kind == .distinct, !series.isEmpty,
      let closed = ClosedWindows(
        every: facts.every, zone: asked.file.zone, limit: try ClosedWindows.limit(asked))
    else { return }
    var made = 0
    for index in series.indices {
      guard let first = series[index].points.first, let last = series[index].points.last,
        made < Self.rowsMax
      else { continue }
      let isWhole = facts.dimensions.isEmpty || by?.isEmpty == true
      let silent =
        isWhole ? end : min(end ?? .distantFuture, EventTime(ms: last.start.ms + Self.ttlMs))
      let starts = closed.starts(
        from: first.start, windowMs: first.end.ms - first.start.ms, to: silent)
      let known = Set(series[index].points.map(\.start))
      let zeros = starts.filter { !known.contains($0) }.map { start in
        Point(
          start: start, end: EventTime(ms: start.ms + first.end.ms - first.start.ms), value: 0,
          samples: 0, approximate: false, status: .final)
      }
      guard !zeros.isEmpty else { continue }
      made += zeros.count
      series[index].points = (series[index].points + zeros).sorted { $0.start < $1.start }
    }
  }

  /// How long a silent series has a value of zero, unless the pipeline says otherwise.
  private static let ttlMs: Int64 = 7 * 86_400_000
}
