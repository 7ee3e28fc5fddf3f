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
  /// Types of the traits of `users`, by name; nil without that section: then `users.…` is a path
  /// like any other.
  let traits: [String: ExpressionType]?
  /// Why traits have no value in the expressions that are compiled now; nil where they have one.
  var traitRefusal: String?
  /// Traits that were asked for where they have no value, by the path that was written.
  var refusedTraits: [String] = []
  /// Slots of derived fields after the decoded ones.
  private(set) var derived: [String: Int] = [:]
  private(set) var paths: [String: Int] = [:]
  private(set) var isOverLimit = false

  init(
    own: [String: Int], given: [String], columns: [String]?,
    traits: [String: ExpressionType]? = nil
  ) {
    self.own = own
    self.given = given
    self.columns = columns
    self.traits = traits
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
    if let traits, path.hasPrefix(TraitOptions.prefix) { return trait(path, of: traits) }
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

  /// Traits come after derived fields, in order of name.
  private mutating func trait(
    _ path: String, of traits: [String: ExpressionType]
  ) -> NameResolution {
    let names = traits.keys.sorted()
    guard let index = names.firstIndex(where: { TraitOptions.prefix + $0 == path }) else {
      // Near by the trait's own name: what all have in common makes nothing near.
      let nearest = NearestName.of(String(path.dropFirst(TraitOptions.prefix.count)), in: names)
      return .unknown(known: nearest.map { [TraitOptions.prefix + $0] } ?? [])
    }
    if traitRefusal != nil { refusedTraits.append(path) }
    return .slot(
      Slot.reserved + paths.count + derived.count + index, type: traits[names[index]] ?? .unknown)
  }
}
