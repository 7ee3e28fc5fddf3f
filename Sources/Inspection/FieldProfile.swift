import StreamCore

/// One field path: its types, forms and masked examples.
public struct FieldProfile: Sendable, Encodable {
  /// How often something came.
  public struct Share: Sendable, Encodable {
    /// What.
    public var name: String
    /// Values.
    public var count: Int64
  }

  /// The path, for people: names with dots between them, `*` for names that fold into one.
  public var path: String
  /// Its names.
  public var steps: [String]
  /// Whether a pipeline can name it.
  public var isAddressable: Bool
  /// Values that are not null.
  public var filled: Int64
  /// The same as a share of all readable records.
  public var fill: Double
  /// Types seen, the most frequent first.
  public var types: [Share]
  /// Kinds of its strings and numbers, the most frequent first.
  public var kinds: [Share]
  /// Different values; an estimate within about 2% beyond 1,024.
  public var distinct: Int64
  /// Whether it is one.
  public var isDistinctEstimate: Bool
  /// Least number, rounded where it could be somebody's; nil without numbers.
  public var least: Double?
  /// Greatest number, rounded in the same way.
  public var greatest: Double?
  /// Longest text, in bytes.
  public var longestBytes: Int
  /// Values with their counts, where showing them is safe: few, short, each had by many, of no kind
  /// and under no name that leads to a person.
  public var values: [Share]
  /// Forms of its values: letters as `a`, digits as `9`.
  public var examples: [String]
  /// What it can be used as: `amount`, `dimension`, `entity`.
  public var use: String?
  /// The pattern that its dates need; nil when they need none.
  public var datePattern: String?
  /// Whether day and month of its dates could be either way round.
  public var isDateAmbiguous: Bool

  /// All values of a field with few that are safe to show, also rare ones.
  public private(set) var safeValues: Set<String> = []
  /// Whether it has few values, and all of them are safe to show.
  private(set) var isSafe = false
  /// Values by the sign that their commas are.
  private(set) var commas = CommaCounts()

  /// Filled values by event slot.
  var byEvent: [Int64]
  /// Whether most of its few values are words joined by signs, as `product_view`: no people.
  var holdsCodes = false
  /// Whether it has few values, safe to show or not.
  var isCategorical: Bool
  /// Share of the most frequent value, of a field with few.
  var largestShare: Double
  private var kindCounts: [ValueKind: Int64]

  private enum CodingKeys: String, CodingKey {
    case path, filled, fill, types, kinds, distinct, isDistinctEstimate, least, greatest
    case longestBytes, values, examples, use, datePattern, isDateAmbiguous
  }

  /// Share of the filled values that are of one of `kinds`.
  func share(_ kinds: ValueKind...) -> Double {
    filled == 0 ? 0 : Double(kinds.reduce(0) { $0 + (kindCounts[$1] ?? 0) }) / Double(filled)
  }

  /// Share of the filled values whose kind has a property.
  func share(where property: (ValueKind) -> Bool) -> Double {
    if filled == 0 { return 0 }
    let count = kindCounts.reduce(0) { $0 + (property($1.key) ? $1.value : 0) }
    return Double(count) / Double(filled)
  }

  /// Filled values of a type.
  func count(_ type: FieldType) -> Int64 { types.first { $0.name == type.name }?.count ?? 0 }

  /// Whether its values are, nearly all, strings or numbers.
  var isScalar: Bool {
    Double(count(.string) + count(.number)) >= 0.99 * Double(filled) && filled > 0
  }

  /// Makes the profile of a node of the table.
  ///
  /// - Parameters:
  ///   - records: Readable records in all.
  ///   - hasUsers: Whether users are known, so that a value is shown only when several have it.
  init(_ node: FieldTable.Node, records: Int64, hasUsers: Bool) {
    let statistics = node.statistics
    steps = node.steps
    isAddressable = !node.isFolded && FieldPath.isAddressable(node.steps)
    path = node.steps.map { Mask.shown($0) }.joined(separator: ".")
    filled = statistics.filled
    fill = records == 0 ? 0 : min(1, Double(filled) / Double(records))
    types = FieldType.allCases.compactMap {
      let count = statistics.byType[$0.rawValue]
      return count == 0 ? nil : Share(name: $0.name, count: count)
    }.sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    kindCounts = statistics.byKind
    kinds = ValueKind.allCases.compactMap { kind in
      statistics.byKind[kind].map { Share(name: kind.rawValue, count: $0) }
    }.sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    distinct = statistics.distinct.estimate
    isDistinctEstimate = statistics.distinct.isApproximate
    longestBytes = statistics.longest
    byEvent = statistics.byEvent
    isCategorical = statistics.isCategorical && !statistics.categories.isEmpty
    let most = statistics.categories.map(\.count).max() ?? 0
    largestShare = filled == 0 ? 0 : Double(most) / Double(filled)
    examples = []
    values = []
    let codes = statistics.categories.count { category in
      category.text.contains { $0 == UInt8(ascii: "_") || $0 == 0x3A || $0 == UInt8(ascii: "$") }
    }
    holdsCodes = isCategorical && codes * 2 >= statistics.categories.count
    isDateAmbiguous = false
    let isPersonal =
      PersonalName.matches(node.steps)
      || statistics.byKind.contains { $0.key.isPersonal && $0.value * 50 > statistics.filled }
    if statistics.numbers > 0, statistics.numbers * 2 > filled {
      let isID = isPersonal || (!statistics.isCategorical && looksLikeID(statistics))
      least = Self.shown(statistics.least, isID: isID)
      greatest = Self.shown(statistics.greatest, isID: isID)
    }
    commas = statistics.commas
    // What a comma is in them, only all fields together say: without that, no size.
    if commas.decimals > 0 { (least, greatest) = (nil, nil) }
    examples = statistics.shapes.sorted { ($1.count, $0.shape) < ($0.count, $1.shape) }
      .prefix(3).map(\.shape)
    if isCategorical, !isPersonal {
      let safe = Self.safe(statistics, hasUsers: hasUsers)
      safeValues = Set(safe.map(\.name))
      isSafe = safe.count == statistics.categories.count
      values = Array(safe.filter { $0.count * 100 >= filled }.prefix(8))
    }
    setDate(statistics)
  }

  private func looksLikeID(_ statistics: FieldStatistics) -> Bool {
    share(.wholeNumber, .phone, .epochSeconds, .epochMilliseconds) > 0.9
      && statistics.distinct.estimate * 2 > statistics.filled
  }

  /// Numbers of more than six digits, and all of a field of ids, keep two digits.
  private static func shown(_ number: Double, isID: Bool) -> Double {
    guard number.magnitude >= 1_000_000 || isID, number != 0, number.isFinite else { return number }
    var unit = 1.0
    while number.magnitude / unit >= 100 { unit *= 10 }
    return (number / unit).rounded() * unit
  }

  /// Values that at least 10 records and, where users are known, 3 users have, and that do not look
  /// like something of a person; the most frequent first.
  private static func safe(_ statistics: FieldStatistics, hasUsers: Bool) -> [Share] {
    statistics.categories.filter { category in
      category.count >= 10 && (!hasUsers || category.users.count >= 3)
        && !category.text.withUnsafeBytes { KindScan.kind(of: $0).isPersonal }
    }.sorted { ($1.count, $0.hash) < ($0.count, $1.hash) }.map {
      Share(name: Mask.shown(String(decoding: $0.text, as: UTF8.self)), count: $0.count)
    }
  }

  private mutating func setDate(_ statistics: FieldStatistics) {
    guard let most = statistics.dates.max(by: { $0.count < $1.count }),
      most.count * 10 >= filled * 9
    else { return }
    let isDayFirst =
      most.dayFirst != most.monthFirst
      ? most.dayFirst > most.monthFirst : most.shape.separator == UInt8(ascii: ".")
    isDateAmbiguous =
      most.shape.order == .yearLast && (most.dayFirst > 0) == (most.monthFirst > 0)
    datePattern = most.shape.pattern(isDayFirst: isDayFirst)
  }
}

/// Paths of a pipeline file.
enum FieldPath {
  /// Whether a pipeline can name it: names that are not empty, and hold neither a backquote nor
  /// what cannot be seen.
  static func isAddressable(_ steps: [String]) -> Bool {
    let bytes = steps.reduce(steps.count * 3) { $0 + $1.utf8.count }
    return !steps.isEmpty && bytes <= 500
      && steps.allSatisfy { step in
        !step.isEmpty && !step.contains("`")
          && !step.unicodeScalars.contains { Mask.isUnprintable($0) }
      }
  }

  /// The path as a pipeline file has it: names with anything unusual in backquotes.
  static func text(_ steps: [String]) -> String {
    steps.map { isPlain($0) ? $0 : "`\($0)`" }.joined(separator: ".")
  }

  /// Whether a name is letters of any script, digits and `_`, not beginning with a digit.
  static func isPlain(_ name: String) -> Bool {
    guard let first = name.unicodeScalars.first, !("0"..."9").contains(first) else { return false }
    return name.unicodeScalars.allSatisfy { scalar in
      if scalar.isASCII {
        return KindScan.isLetter(UInt8(scalar.value)) || ("0"..."9").contains(scalar)
          || scalar == "_"
      }
      // Signs that belong to letters may look like nothing at all.
      return scalar.properties.generalCategory == .otherLetter
        || scalar.properties.generalCategory == .lowercaseLetter
        || scalar.properties.generalCategory == .uppercaseLetter
    }
  }
}
