/// What is known of a user before an event: `users.NAME` in conditions and dimensions.
public struct TraitPlan: Sendable {
  /// What is kept.
  public enum Kind: String, Sendable {
    /// The first value that is not null.
    case first
    /// The latest value that is not null.
    case last
    /// How many events met the condition.
    case count
  }

  /// Its name, without `users.`.
  public var name: String
  /// What is kept.
  public var kind: Kind
  /// The value, or for `count` the condition.
  public var expression: Expression

  /// Makes a trait of its parts.
  public init(name: String, kind: Kind, expression: Expression) {
    self.name = name
    self.kind = kind
    self.expression = expression
  }
}
