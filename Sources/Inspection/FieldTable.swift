import StreamCore

/// Type of a value as it is written. Values of CSV are all strings.
public enum FieldType: Int, CaseIterable, Sendable {
  case string, number, boolean, object, array, null

  /// Its name in reports.
  public var name: String { String(describing: self) }
}

/// What of a record matters for the statistics of its fields.
struct RecordContext {
  /// Number of the record, from 1.
  var number: Int64 = 0
  /// Hash of its user; 0 for none.
  var userHash: UInt64 = 0
  /// Place of its event's name among those looked at; nil beyond.
  var eventSlot: Int?
}

/// All field paths seen, as a tree, with their statistics.
///
/// Bounded by `InspectionLimits`: a path beyond is counted, not kept. Names that look like keys of
/// people or things (an e-mail address, a long number) and names beyond the limit of one object
/// fold into `*`.
struct FieldTable {
  static let root = 0
  static let folded = "*"

  struct Node {
    var name: String
    var steps: [String]
    var children: [UInt64: Int] = [:]
    /// The child that others fold into.
    var foldedChild: Int?
    /// Whether this or something above it is folded.
    var isFolded = false
    var statistics = FieldStatistics()
  }

  private(set) var nodes = [Node(name: "", steps: [])]
  /// Values of paths beyond the limit.
  private(set) var valuesBeyond: Int64 = 0
  /// Objects deeper than the limit.
  private(set) var deeperObjects: Int64 = 0
  /// Of the record at hand.
  var context = RecordContext()

  /// The node of a name in an object, made when it is new; nil beyond the limit of paths.
  mutating func child(of parent: Int, named name: UnsafeRawBufferPointer) -> Int? {
    let hash = Hash64.of(name)
    if let known = nodes[parent].children[hash] { return known }
    let isFull = nodes[parent].children.count >= InspectionLimits.namesPerObject
    if isFull || Self.isKey(name) { return foldedChild(of: parent) }
    guard let made = add(String(decoding: name, as: UTF8.self), under: parent) else { return nil }
    nodes[parent].children[hash] = made
    return made
  }

  /// The node of a column, whatever its name looks like; nil beyond the limit of paths.
  mutating func column(_ name: UnsafeRawBufferPointer) -> Int? {
    let hash = Hash64.of(name)
    if let known = nodes[Self.root].children[hash] { return known }
    guard let made = add(String(decoding: name, as: UTF8.self), under: Self.root) else {
      return nil
    }
    nodes[Self.root].children[hash] = made
    return made
  }

  private mutating func foldedChild(of parent: Int) -> Int? {
    if let known = nodes[parent].foldedChild { return known }
    guard let made = add(Self.folded, under: parent) else { return nil }
    nodes[made].isFolded = true
    nodes[parent].foldedChild = made
    return made
  }

  private mutating func add(_ name: String, under parent: Int) -> Int? {
    guard nodes.count <= InspectionLimits.pathsMax else {
      valuesBeyond += 1
      return nil
    }
    var node = Node(name: name, steps: nodes[parent].steps + [name])
    node.isFolded = nodes[parent].isFolded
    nodes.append(node)
    return nodes.count - 1
  }

  /// Whether a name is not one of a field but a key of its own: of a person, of a thing, of a day.
  private static func isKey(_ name: UnsafeRawBufferPointer) -> Bool {
    if name.count > 128 { return true }
    let kind = KindScan.kind(of: name)
    if kind.isPersonal || kind.isTime || kind.isNumber { return true }
    return name.reduce(0) { $0 + (KindScan.isDigit($1) ? 1 : 0) } >= 6
  }

  /// Takes note of a value. `text` is empty where the type says all.
  mutating func note(
    _ node: Int, _ type: FieldType, _ text: UnsafeRawBufferPointer = .init(start: nil, count: 0)
  ) {
    nodes[node].statistics.add(type, text, context)
  }

  /// Takes note of an object that is too deep to be looked into.
  mutating func noteDeeper() { deeperObjects += 1 }
}

/// What is known of the values of one path. Bounded: `InspectionLimits` says by what.
struct FieldStatistics {
  /// A short value among few, and how often it came.
  struct Category {
    var hash: UInt64
    var text: [UInt8]
    var count: Int64
    /// Hashes of the first three different users who had it.
    var users: [UInt64] = []
  }

  /// How often a form of date came.
  struct DateCount {
    var shape: DateShape
    var count: Int64 = 0
    var dayFirst: Int64 = 0
    var monthFirst: Int64 = 0
  }

  /// Records that have the path, also with null.
  private(set) var records: Int64 = 0
  private(set) var byType = [Int64](repeating: 0, count: FieldType.allCases.count)
  private(set) var byKind: [ValueKind: Int64] = [:]
  private(set) var distinct = DistinctSketch()
  private(set) var least = Double.infinity
  private(set) var greatest = -Double.infinity
  private(set) var numbers: Int64 = 0
  private(set) var longest = 0
  private(set) var shapes: [(shape: String, count: Int64)] = []
  private(set) var categories: [Category] = []
  /// Whether all values are short and few.
  private(set) var isCategorical = true
  private(set) var dates: [DateCount] = []
  private(set) var commas = CommaCounts()
  /// Filled values by the event they are of; the last place is of all other events.
  private(set) var byEvent = [Int64](repeating: 0, count: InspectionLimits.eventSlots + 1)
  private var lastRecord: Int64 = 0

  /// Values that are not null.
  var filled: Int64 { byType.reduce(0, +) - byType[FieldType.null.rawValue] }

  /// Values after which only one in this many is looked at for its masked form.
  private static let shapeEvery: Int64 = 64
  private static let shapesSurely: Int64 = 500

  mutating func add(
    _ type: FieldType, _ text: UnsafeRawBufferPointer, _ context: RecordContext
  ) {
    // A name that comes twice in an object counts once.
    if context.number == lastRecord, context.number != 0 { return }
    lastRecord = context.number
    records += 1
    byType[type.rawValue] += 1
    if type == .null { return }
    byEvent[context.eventSlot ?? InspectionLimits.eventSlots] += 1
    guard type == .string || type == .number || type == .boolean else {
      isCategorical = false
      return
    }
    longest = max(longest, text.count)
    let hash = Hash64.of(text)
    distinct.insert(hash)
    if isCategorical { categorise(text, hash, context.userHash) }
    if type != .boolean { addKind(text) }
    let seen = filled
    if seen <= Self.shapesSurely || seen % Self.shapeEvery == 0 { addShape(text) }
  }

  private mutating func addKind(_ text: UnsafeRawBufferPointer) {
    guard text.count <= InspectionLimits.valueBytes else {
      byKind[.text, default: 0] += 1
      return
    }
    let kind = KindScan.kind(of: text)
    byKind[kind, default: 0] += 1
    if kind == .patternDate { addDate(text) }
    if kind == .groupedNumber || kind == .text { commas.add(text) }
    if kind.isNumber || kind == .mangledNumber || kind == .phone,
      let number = Self.number(text, kind)
    {
      numbers += 1
      least = min(least, number)
      greatest = max(greatest, number)
    }
  }

  private static func number(_ text: UnsafeRawBufferPointer, _ kind: ValueKind) -> Double? {
    guard kind == .groupedNumber else { return NumberText.double(text) }
    return Array(text.filter { $0 != UInt8(ascii: ",") }).withUnsafeBytes { NumberText.double($0) }
  }

  private mutating func addDate(_ text: UnsafeRawBufferPointer) {
    guard let seen = KindScan.shape(text) else { return }
    let known = dates.firstIndex { $0.shape == seen.shape }
    if known == nil, dates.count == InspectionLimits.patternsMax { return }
    let index = known ?? dates.count
    if known == nil { dates.append(DateCount(shape: seen.shape)) }
    dates[index].count += 1
    if seen.evidence == .dayFirst { dates[index].dayFirst += 1 }
    if seen.evidence == .monthFirst { dates[index].monthFirst += 1 }
  }

  private mutating func categorise(
    _ text: UnsafeRawBufferPointer, _ hash: UInt64, _ user: UInt64
  ) {
    if let index = categories.firstIndex(where: { $0.hash == hash }) {
      categories[index].count += 1
      if user != 0, categories[index].users.count < 3, !categories[index].users.contains(user) {
        categories[index].users.append(user)
      }
      return
    }
    guard categories.count < InspectionLimits.categoriesMax,
      text.count <= InspectionLimits.categoryBytes
    else {
      isCategorical = false
      categories = []
      return
    }
    categories.append(
      Category(hash: hash, text: Array(text), count: 1, users: user == 0 ? [] : [user]))
  }

  private mutating func addShape(_ text: UnsafeRawBufferPointer) {
    let shape = Mask.of(text)
    if let index = shapes.firstIndex(where: { $0.shape == shape }) {
      shapes[index].count += 1
    } else if shapes.count < InspectionLimits.shapesMax {
      shapes.append((shape, 1))
    }
  }
}
