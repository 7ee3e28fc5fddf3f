/// One stage that keeps a section in the record of each user (or other key), and cells of counts.
///
/// It sees the events of a key in order. What it writes for an event depends on the section before
/// and the event alone; the bytes are its own affair. Subclasses override `apply` and `prune`.
class UserStage: StageState {
  /// Its conditions, in the order of `UserStagePlan.conditions`.
  final let conditions: [OrderedCondition]
  /// Bits of the events it takes.
  final let mask: UInt64
  /// Whether conditions that are no bits, or none at all, let it look at every event.
  final let takesEveryEvent: Bool
  /// Numbers that records know series by.
  final let dictionary: SeriesDictionary
  private let parts: UnsafeMutablePointer<SeriesKey.Part>

  init(plan: GroupPlan, conditions: [OrderedCondition], zone: Zone, isSaved: Bool) {
    self.conditions = conditions
    let deciding = conditions.prefix(plan.stage?.decidingCount ?? conditions.count)
    mask = deciding.reduce(0) { $0 | ($1.bit ?? 0) }
    takesEveryEvent =
      deciding.contains { $0.bit == nil } || (plan.stage?.takesEveryEvent ?? false)
    dictionary = SeriesDictionary(names: plan.dimensions.map(\.name))
    parts = .allocate(capacity: max(1, plan.dimensions.count))
    super.init(plan: plan, zone: zone, isSaved: isSaved)
  }

  deinit { parts.deallocate() }

  /// What it knows of an event.
  struct Event {
    var timeMs: Int64 = 0
    var bits: UInt64 = 0
    var row: UnsafeMutablePointer<Value>
    let scratch: ScratchArena
    /// Where it is, for stages that ask where it comes from.
    unowned(unsafe) var block: EventBlock?
    var index = 0
  }

  /// Takes an event: reads a section, empty when there is none, and writes what is to stand in its
  /// place, nothing for none, or keeps it.
  func apply(_ event: Event, _ section: UnsafeRawBufferPointer, into writer: RecordWriter) {}

  /// Whether a section has parts that mean nothing any more when nothing before `watermark` can
  /// come. Cheap: it is asked of every record again and again.
  func isDue(_ section: UnsafeRawBufferPointer, watermark: EventTime) -> Bool { false }

  /// Writes what is left of a section that is due.
  func prune(
    _ section: UnsafeRawBufferPointer, watermark: EventTime, into writer: RecordWriter
  ) { writer.write(section) }

  /// Numbers that records know names of events by, where they do.
  var nameDictionary: SeriesDictionary? { nil }

  /// The number of the event's series.
  final func series(_ event: Event) -> Int32 {
    let width = plan.dimensions.count
    guard width > 0 else { return dictionary.number([]) }
    var hash = SeriesTable.hashSeed
    for d in 0..<width {
      let value = plan.dimensions[d].expression.evaluate(event.row, event.scratch)
      parts[d] = SeriesKey.part(value, event.scratch)
      hash = Hash64.combine(hash, SeriesKey.hash(parts[d]))
    }
    return dictionary.number(UnsafeBufferPointer(start: parts, count: width), hash)
  }

  /// The cell of a series that records know by `number`, in a window; it counts as changed.
  @inline(__always)
  final func cell(_ number: Int32, _ ordinal: Int64) -> Int {
    let cell = store.cell(series: dictionary.series(number, store.series), ordinal: ordinal)
    store.touch(cell)
    return cell
  }

  /// The hour of an instant, from 1970: what records say of when they were last touched.
  @inline(__always)
  static func hour(_ timeMs: Int64) -> Int64 { FloorDivision.quotient(timeMs, 3_600_000) }
}

/// Numbers by which the records of one stage know its series, or names: small, so that a record is.
///
/// They mean nothing outside their owner, and are saved beside its records.
final class SeriesDictionary {
  private let table: SeriesTable
  /// For each number the stage's own series, −1 before it is looked up.
  private var known: [Int32] = []
  private var savedCount = 1

  init(names: [String]) { table = SeriesTable(names: names) }

  /// Numbers there are, 0 of `"(other)"` among them.
  var count: Int { table.count }

  /// The number of a series by its key; made if need be.
  func number(_ key: [UInt8]) -> Int32 { table.find(key: key) ?? 0 }

  /// The number of a series by its parts; made if need be.
  @inline(__always)
  func number(_ parts: UnsafeBufferPointer<SeriesKey.Part>, _ hash: UInt64) -> Int32 {
    table.find(parts, hash: hash)
  }

  /// The stage's series for a number.
  @inline(__always)
  func series(_ number: Int32, _ series: SeriesTable) -> Int32 {
    let at = Int(number)
    if at < known.count, known[at] >= 0 { return known[at] }
    return learn(at, series)
  }

  private func learn(_ at: Int, _ series: SeriesTable) -> Int32 {
    guard at < table.count else { return SeriesTable.other }
    while known.count <= at { known.append(-1) }
    known[at] = series.find(key: table.key(at)) ?? SeriesTable.other
    return known[at]
  }

  /// The text of the only part of a number's key.
  func text(_ number: Int32) -> String {
    guard Int(number) < table.count, number > 0 else { return "(other)" }
    return table.key(Int(number)).withUnsafeBytes { key in
      guard let part = SeriesKey.decode(key, count: 1)?.first else { return "" }
      return String(decoding: part.bytes, as: UTF8.self)
    }
  }

  /// Numbers made since the last call, with their keys.
  func takeUnsaved() -> [(number: Int32, key: [UInt8])] {
    defer { savedCount = table.count }
    return (savedCount..<max(savedCount, table.count)).map { (Int32($0), table.key($0)) }
  }

  /// Puts a saved number back; they come in ascending order. False: it is none of this stage.
  func restore(_ number: Int32, key: [UInt8]) -> Bool {
    defer { savedCount = table.count }
    return table.find(key: key) == number
  }
}
