/// How people are told of an alert, a risk or a health rule, and whose it is. Nothing of it decides
/// a result.
public struct RulePolicy: Sendable, Equatable {
  /// `info`, `warning` or `critical`.
  public var severity = "warning"
  /// The squad that it belongs to.
  public var owner: String?
  /// What to do: a URL, or text.
  public var runbook: String?
  /// What it says in one line, in place of the rule's name.
  public var summary: String?
  /// Further facts for those who route messages, by name.
  public var labels: [String: String] = [:]
  /// Names of the destinations in `notify`.
  public var notify: [String] = []
  /// How often it is said again while it goes on and nobody has acknowledged it; nil: never.
  public var repeatEveryMs: Int64?
  /// How often at most.
  public var repeatMax = 10
  /// When others are told, because nobody has acknowledged it; nil: never.
  public var escalateAfterMs: Int64?
  /// Names of the destinations that are told then.
  public var escalateTo: [String] = []

  /// Makes a policy with the defaults of the pipeline file.
  public init() {}
}

/// One destination of `notify`.
public struct NotifyDestination: Sendable, Equatable {
  /// What it is.
  public enum Kind: String, Sendable, CaseIterable {
    case webhook, kafka, log, alertmanager, wecom, dingtalk, feishu, slack
  }

  /// The language of its texts.
  public enum Language: String, Sendable, CaseIterable {
    case en, zh
  }

  /// Its name.
  public var name: String
  /// What it is.
  public var kind: Kind
  /// The URL, or the topic; may hold secrets. Empty for `log`.
  public var target: String
  /// What messages are signed with; nil: they are not.
  public var secret: String?
  /// The language of its texts.
  public var language: Language = .en
  /// How long one attempt may take.
  public var timeoutMs: Int64 = 10_000
  /// Attempts after which a message is dead.
  public var attemptsMax = 20
  /// Messages a minute; nil: the least that its kind is known to allow.
  public var perMinute: Int?

  /// Names a destination.
  public init(name: String, kind: Kind, target: String) {
    self.name = name
    self.kind = kind
    self.target = target
  }
}

/// Health rules: what is watched on wall time. Nil turns a rule off.
public struct HealthOptions: Sendable, Equatable {
  /// So long without any event of a source.
  public var freshnessMs: Int64? = 300_000
  /// The pipeline's watermark so far behind wall time, while there is input.
  public var lagMs: Int64? = 900_000
  /// This share of what was read in the last five minutes was rejected.
  public var rejectedShare: Double? = 0.05
  /// This share of what was read in the last five minutes was late.
  public var lateShare: Double? = 0.05
  /// Users of a keyed topic that were seen in two partitions.
  public var usersInTwoPartitions = true
  /// A notification that has been waiting for so long.
  public var undeliveredMs: Int64? = 300_000
  /// A backup or an archive is overdue by more than the time between two.
  public var backupOverdue = true
  /// How people are told.
  public var policy = RulePolicy()

  /// Makes options with the defaults of the pipeline file.
  public init() {}
}

/// Everything about telling people.
public struct NotifyOptions: Sendable, Equatable {
  /// Policies by name of the alert or risk.
  public var policies: [String: RulePolicy] = [:]
  /// Destinations, in order of name.
  public var destinations: [NotifyDestination] = []
  /// Health rules.
  public var health = HealthOptions()
  /// What ended longer ago than this is not announced one by one.
  public var withinMs: Int64 = 3_600_000

  /// Makes options with the defaults of the pipeline file.
  public init() {}
}
