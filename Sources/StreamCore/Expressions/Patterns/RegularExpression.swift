/// A pattern compiled to a table, so that a text is tested in one step for each of its bytes,
/// whatever the pattern. Immutable.
///
/// It answers only whether a pattern occurs somewhere in a text. The table is built in full when
/// the pattern is read; patterns that would need too large a one are refused then.
final class RegularExpression: Sendable {
  /// Why a pattern is refused.
  struct Fault: Error, Equatable {
    /// Which character of the pattern, from 1.
    var position: Int
    var message: String
    var hint: String?
  }

  /// Row after row, one for each state: where the next state's row begins for each class of bytes,
  /// then for the end of the text.
  private let table: [UInt32]
  private let classes: [UInt8]
  private let width: Int

  /// The state of having matched.
  static let matched: UInt16 = 0
  /// The state before the first byte.
  static let start: UInt16 = 1

  /// Compiles a pattern, which is UTF-8.
  init(_ pattern: [UInt8]) throws(Fault) {
    var parser = PatternParser(pattern)
    let tree = try parser.parse()
    let machine = try PatternMachine(tree)
    var tableBuilder = PatternTable(machine)
    let states = try tableBuilder.build()
    classes = tableBuilder.classes
    let width = tableBuilder.classCount + 1
    self.width = width
    table = states.map { UInt32($0) * UInt32(width) }
  }

  /// Number of states; the table has a row for each.
  var stateCount: Int { table.count / width }

  /// Whether the pattern occurs in `text`, which need not be valid UTF-8: what is not valid is
  /// matched by nothing. O(n), no allocation.
  func matches(_ text: UnsafeRawBufferPointer) -> Bool {
    table.withUnsafeBufferPointer { table in
      classes.withUnsafeBufferPointer { classes in
        let matched = Int(Self.matched) * width
        var row = Int(Self.start) * width
        for byte in text {
          let next = Int(table[row &+ Int(classes[Int(byte)])])
          // Mostly nothing changes; as a branch that is free, as a load it would be waited for.
          if next != row {
            if next == matched { return true }
            row = next
          }
        }
        return Int(table[row &+ width &- 1]) == matched
      }
    }
  }
}
