/// One trait of users.
enum TraitOptions {
  static let first = Option.expression(
    "first", "The first value that is not null; null before there is one.", example: "channel")
  static let last = Option.expression(
    "last", "The latest value that is not null; null before there is one.",
    example: "context.city")
  static let count = Option.expression(
    "count", "How many of the user's events met this; 0 before the first.",
    example: "'event == \"purchase\"'")

  static let all: [OptionSpec] = [first.spec, last.spec, count.spec]

  /// What expressions write before a trait's name.
  static let prefix = "users."
}
