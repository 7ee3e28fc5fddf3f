/// Where a pipeline's console listens, and who may do what there.
public struct ConsoleOptions: Sendable, Equatable {
  /// Somebody with a secret.
  public struct Grant: Sendable, Equatable {
    /// Who: recorded with what they change.
    public var name: String
    /// The secret; empty where a variable has no value.
    public var token: String
    /// Whether they may change thresholds, acknowledge, silence and judge.
    public var mayWrite: Bool
    /// Whether ids of people, and payloads, are shown to them.
    public var mayReveal: Bool

    /// Makes a grant of its parts.
    public init(name: String, token: String, mayWrite: Bool, mayReveal: Bool) {
      self.name = name
      self.token = token
      self.mayWrite = mayWrite
      self.mayReveal = mayReveal
    }
  }

  /// Where it listens; nil: nowhere, unless a command says so.
  public var listen: ConsoleAddress?
  /// Who may do what, by name.
  public var grants: [Grant] = []

  /// A console that listens nowhere and knows nobody.
  public init() {}
}
