/// Faults that are known and allowed for now. New code adds nothing here; a line goes when its
/// fault does.
enum Ratchet {
  /// Path to the number of violations of every rule in that file.
  static let allowed: [String: Int] = [:]

  /// What of `violations` is not allowed, and entries that allow more than there is.
  static func judge(_ violations: [Violation], allowed: [String: Int] = allowed) -> [String] {
    let byFile = Dictionary(grouping: violations, by: \.file)
    var faults: [String] = []
    for (file, found) in byFile.sorted(by: { $0.key < $1.key })
    where found.count > allowed[file, default: 0] {
      faults += found.sorted { $0.line < $1.line }.map(\.description)
    }
    for (file, count) in allowed.sorted(by: { $0.key < $1.key })
    where count > byFile[file, default: []].count {
      faults.append("\(file): \(count) faults allowed, fewer found; lower the number in Ratchet")
    }
    return faults
  }
}
