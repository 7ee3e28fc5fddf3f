import StreamCore

/// What the paths of expressions stand for, and the slots that they get.
///
/// A plan is built twice over: first to see which paths it reads, then with every slot known.
struct NameScope {
  /// Paths that one plan may read.
  static let pathsMax = 1_000

  /// The event's own fields that some source maps, by the name that expressions know them by.
  let own: [String: Int]
  /// Columns, when every source is CSV and names them: then nothing else is there.
  let columns: [String]?
  /// Names given in `fields` and `derive`.
  let given: [String]
  /// Slots of derived fields after the decoded ones.
  private(set) var derived: [String: Int] = [:]
  private(set) var paths: [String: Int] = [:]
  private(set) var isOverLimit = false

  init(own: [String: Int], given: [String], columns: [String]?) {
    self.own = own
    self.given = given
    self.columns = columns
  }

  /// Declares the derived fields in their order. Their slots are right once `settle()` was called.
  mutating func declare(derived names: [String]) {
    for (index, name) in names.enumerated() { derived[name] = fields.count + index }
  }

  /// Gives every path seen so far its slot, in order of name.
  mutating func settle() {
    for (index, path) in paths.keys.sorted().enumerated() { paths[path] = Slot.reserved + index }
  }

  /// Names by slot.
  var fields: [String] {
    ["event", "user", "time", "id", "record_time"] + paths.keys.sorted()
  }

  /// The slot of `path`, which gets one if it has none.
  mutating func resolve(_ path: String) -> NameResolution {
    if let slot = own[path] { return .slot(slot) }
    if let slot = derived[path] { return .slot(slot) }
    if let slot = paths[path] { return .slot(slot) }
    if let columns, !columns.contains(path), !given.contains(path) {
      return .unknown(known: (Array(own.keys) + given + columns).sorted())
    }
    if !JSONPath.isLegal(path) { return .unknown(known: []) }
    if paths.count >= Self.pathsMax {
      isOverLimit = true
      return .slot(Slot.reserved)
    }
    paths[path] = Slot.reserved + paths.count
    return .slot(Slot.reserved + paths.count - 1)
  }
}
