/// How often commas in numbers can only be one thing.
struct CommaCounts {
  /// `12,5`, `12,50`, `0,125`, `1.299,00`: before decimals.
  private(set) var decimals: Int64 = 0
  /// `1,299.00`, `1,299,000`: between thousands.
  private(set) var groups: Int64 = 0
  /// `1,299`, which may be both.
  private(set) var unclear: Int64 = 0

  /// Counts a value; nothing that is no number with a comma. O(bytes).
  mutating func add(_ text: UnsafeRawBufferPointer) {
    guard text.count <= 40, let last = text.lastIndex(of: UInt8(ascii: ",")) else { return }
    let start = text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+") ? 1 : 0
    guard last > start, text.count - last > 1 else { return }
    for byte in text[start...] {
      let isSign = byte == UInt8(ascii: ",") || byte == UInt8(ascii: ".")
      guard isSign || KindScan.isDigit(byte) else { return }
    }
    let whole = text[start..<last]
    let decimals = text[(last + 1)...]
    let hasPoint = decimals.contains(UInt8(ascii: "."))
    if hasPoint || whole.contains(UInt8(ascii: ",")) {
      if KindScan.isGrouped(text) { groups += 1 }
    } else if decimals.count != 3 || whole.elementsEqual([UInt8(ascii: "0")])
      || whole.contains(UInt8(ascii: "."))
    {
      self.decimals += 1
    } else if whole.count <= 3 {
      unclear += 1
    }
  }
}

/// What commas in the numbers of some records are.
enum CommaUse: Equatable {
  /// There are none, or nothing says what they are.
  case none
  /// Between thousands: there are numbers that can be read in no other way.
  case groups
  /// Before decimals; `isColumn` when a field is, nearly all, numbers with a comma.
  case decimals(isColumn: Bool)

  /// - Parameter delimiter: Of CSV. A `;` is there because commas are in the numbers.
  static func of(_ fields: [FieldProfile], delimiter: UInt8?) -> CommaUse {
    let decimals = fields.reduce(0) { $0 + $1.commas.decimals }
    let groups = fields.reduce(0) { $0 + $1.commas.groups }
    let unclear = fields.reduce(0) { $0 + $1.commas.unclear }
    if groups > 0, groups >= decimals { return .groups }
    let isSemicolon = delimiter == UInt8(ascii: ";") && unclear > 0
    guard decimals > 0 || isSemicolon else { return .none }
    return .decimals(
      isColumn: fields.contains { field in
        let count = field.commas.decimals + (isSemicolon ? field.commas.unclear : 0)
        return count * 2 > field.filled
      })
  }
}
