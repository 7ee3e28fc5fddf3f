import StreamCore

/// Where messages go: one destination of a pipeline's `notify`.
///
/// Its target may hold a key and its secret is one, so no description shows either.
public struct Destination: Sendable, Equatable {
  /// What it is.
  public enum Kind: String, Sendable, CaseIterable {
    case webhook, kafka, log, alertmanager, wecom, dingtalk, feishu, slack
  }

  /// The language of its texts.
  public enum Language: String, Sendable, CaseIterable {
    case en, zh
  }

  /// Its name, by which the outbox knows it: the `sink` of messages.
  public var name: String
  /// What it is.
  public var kind: Kind
  /// The URL; the topic of `kafka`; empty for `log`.
  public var target: String
  /// What requests are signed with (`webhook`, `dingtalk`, `feishu`); nil: they are not.
  public var secret: String?
  /// The language of its texts.
  public var language: Language
  /// How long one attempt may take, in milliseconds, at least 1.
  public var timeoutMs: Int64
  /// Attempts after which a message is dead, at least 1.
  public var attemptsMax: Int
  /// Messages in any minute; nil: what its kind is known to allow.
  public var perMinute: Int?
  /// The zone in which people are told times.
  public var zone: Zone

  /// Names a destination.
  public init(
    name: String, kind: Kind, target: String, secret: String? = nil, language: Language = .en,
    timeoutMs: Int64 = 10_000, attemptsMax: Int = 20, perMinute: Int? = nil, zone: Zone = .utc
  ) {
    self.name = name
    self.kind = kind
    self.target = target
    self.secret = secret
    self.language = language
    self.timeoutMs = max(1, timeoutMs)
    self.attemptsMax = max(1, attemptsMax)
    self.perMinute = perMinute.map { max(1, $0) }
    self.zone = zone
  }
}

extension Destination: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "\(kind.rawValue) \(name)" }
  public var debugDescription: String { description }
  /// Name and kind alone, so that `dump` shows no secret.
  public var customMirror: Mirror { Mirror(self, children: ["name": name, "kind": kind]) }
}
