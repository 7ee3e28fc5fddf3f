/// One place that breaks a rule of the house.
struct Violation: Equatable, CustomStringConvertible {
  /// Path from the project's root.
  var file: String
  /// Line, from 1.
  var line: Int
  /// What was found.
  var what: String
  /// Why it is not wanted.
  var why: String
  /// What to write in its place.
  var instead: String

  var description: String { "\(file):\(line): \(what): \(why); instead: \(instead)" }
}
