import SnapshotStore
import StreamCore

/// Rows of one funnel in a range, as a page shows them.
struct FunnelData: Sendable {
  var rows: [FunnelRow]
  /// The first entry window that is shown, where earlier ones of the range were left out.
  var cutAt: EventTime?
  /// Names of the dimensions that rows have.
  var names: [String]

  /// Most rows that are read for one page.
  static let rowsMax = 20_000

  static func read(
    _ asked: Asked, _ name: String, from: EventTime?, to: EventTime?, status: ResultStatus? = nil,
    dimensions: [String: String?] = [:]
  ) throws -> FunnelData {
    let page = try asked.reader.funnelPage(
      StageQuery(
        name: name, from: from, to: to, dimensions: dimensions, status: status, limit: rowsMax,
        newestFirst: true))
    var rows = asked.shown(page.rows)
    var cutAt: EventTime?
    if page.next != nil, let last = rows.last?.entryStart {
      let whole = rows.prefix { $0.entryStart != last }
      if !whole.isEmpty { rows = Array(whole) }
      cutAt = rows.last?.entryStart
    }
    let names = Set(rows.map(\.dimensions)).flatMap { Dimensions.read($0).keys }
    return FunnelData(rows: rows, cutAt: cutAt, names: Set(names).sorted())
  }

  /// Starts of its entry windows, in order.
  var starts: [EventTime] { Set(rows.map(\.entryStart)).sorted() }

  /// Entry windows that are not finished.
  var openWindows: Int {
    Set(rows.lazy.filter { $0.status == .provisional }.map(\.entryStart)).count
  }

  /// Entry windows that are finished, in order.
  var finishedStarts: [EventTime] {
    let open = Set(rows.lazy.filter { $0.status == .provisional }.map(\.entryStart))
    return starts.filter { !open.contains($0) }
  }

  /// All of it added up; nil without rows.
  var total: FunnelBlock? { FunnelBlock.blocks(rows, by: [], total: true).first }

  /// All of it added up by one dimension; nil where rows do not have it.
  func split(by name: String?) -> [FunnelBlock]? {
    name.flatMap { names.contains($0) ? FunnelBlock.blocks(rows, by: [$0], total: true) : nil }
  }

  /// Only rows of these entry windows.
  func only(_ starts: some Collection<EventTime>) -> FunnelData {
    let wanted = Set(starts)
    var copy = self
    copy.rows = rows.filter { wanted.contains($0.entryStart) }
    return copy
  }
}
