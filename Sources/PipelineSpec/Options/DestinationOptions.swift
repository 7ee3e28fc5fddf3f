/// One destination of messages.
enum DestinationOptions {
  static let webhook = Option.text(
    "webhook", kind: .phrase("a URL"), "A URL that JSON is posted to.",
    example: "\"${OPS_WEBHOOK}\"")
  static let kafka = Option.text(
    "kafka", kind: .phrase("a topic"), "A topic, at the brokers of the source.",
    example: "shop.alerts")
  static let log = Option.presence("log", "The worker's own log.")
  static let alertmanager = Option.text(
    "alertmanager", kind: .phrase("a URL"), "A Prometheus Alertmanager, by its API of version 2.",
    example: "http://alertmanager:9093")
  static let wecom = chat("wecom", "A group robot of WeCom.")
  static let dingtalk = chat("dingtalk", "A group robot of DingTalk.")
  static let feishu = chat("feishu", "A group robot of Feishu.")
  static let slack = chat("slack", "An incoming webhook of Slack.")
  static let secret = Option.text(
    "secret", kind: .phrase("a text"),
    "What messages are signed with; of `webhook`, `dingtalk` and `feishu`.",
    example: "\"${file:/run/secrets/ops}\"")
  static let language = Option.choice(
    "language", ["en", "zh"], default: "en", "The language of its texts.")
  static let timeout = Option.duration(
    "timeout", default: "10s", in: 100...(5 * Units.minute), "How long one attempt may take.")
  static let attempts = Option.integer(
    "attempts", default: 20, in: 1...1_000, "Attempts after which a message is dead.")
  static let perMinute = Option.integer(
    "per_minute", in: 1...100_000,
    "Messages a minute. Without it, what the destination's kind is known to allow.", example: "20")

  /// What a destination may be.
  static let kinds: [(kind: NotifyDestination.Kind, option: Option<String>?)] = [
    (.webhook, webhook), (.kafka, kafka), (.log, nil), (.alertmanager, alertmanager),
    (.wecom, wecom), (.dingtalk, dingtalk), (.feishu, feishu), (.slack, slack),
  ]

  static let all: [OptionSpec] = [
    webhook.spec, kafka.spec, log.spec, alertmanager.spec, wecom.spec, dingtalk.spec, feishu.spec,
    slack.spec, secret.spec, language.spec, timeout.spec, attempts.spec, perMinute.spec,
  ]

  private static func chat(_ name: String, _ text: String) -> Option<String> {
    Option.text(
      name, kind: .phrase("a URL"), text, example: "\"${\(name.uppercased())_WEBHOOK}\"")
  }
}

extension HealthOptions {
  static let freshness = duration(
    "freshness", default: "5m", "So long without any event of a source.")
  static let lag = duration(
    "lag", default: "15m", "The watermark so far behind wall time, while there is input.")
  static let rejected = share(
    "rejected_share", "This share of what was read in the last five minutes was rejected.")
  static let late = share(
    "late_share", "This share of what was read in the last five minutes was late.")
  static let twoPartitions = Option.text(
    "users_in_two_partitions", kind: .choice(["true", "false", "off"]), default: "true",
    "Users of a topic that is keyed by user were seen in two partitions.")
  static let backup = Option.text(
    "backup", kind: .choice(["true", "false", "off"]), default: "true",
    "The newest good backup, or archive, is older than twice its `every`.")
  static let undelivered = duration(
    "undelivered", default: "5m", "A message that could not be delivered for so long.")

  static let all: [OptionSpec] =
    [
      freshness.spec, lag.spec, rejected.spec, late.spec, twoPartitions.spec, undelivered.spec,
      backup.spec,
    ] + PolicyOptions.all

  /// Durations that rules may have.
  static let durations = Units.second...(400 * Units.day)

  private static func duration(
    _ name: String, default value: String, _ text: String
  ) -> Option<String> {
    Option.text(name, kind: .phrase("a duration, or `off`"), default: value, text)
  }

  private static func share(_ name: String, _ text: String) -> Option<String> {
    Option.text(name, kind: .phrase("a share, 0 to 1, or `off`"), default: "0.05", text)
  }
}
