/// Top level of a pipeline file.
enum PipelineOptions {
  static let name = Option.text(
    "name", kind: .label, required: true,
    "Name of the pipeline. It is part of every result's identity: a file of results belongs to the "
      + "pipeline of its name.", example: "shop")
  static let zone = Option.text(
    "zone", default: "UTC",
    "IANA time zone that days, weeks and months follow, and that times without an offset are in.",
    example: "Asia/Shanghai")
  static let source = Option.group(
    "source", SourceOptions.all, "Where events come from, when that is one place.")
  static let sources = Option.named(
    "sources", .label, SourceOptions.all,
    "Where events come from, by name, when that is more than one place. Either `source` or "
      + "`sources` is given.")
  static let time = Option.group("time", TimeOptions.all, "Rules of event time.")
  static let filter = Option.expression(
    "filter", "Events for which this is not true are filtered: counted and taken no further.",
    example: "'!context.user_agent.contains(\"bot\")'")
  static let derive = Option.custom(
    "derive", "a mapping of names to expressions",
    "Computed fields, by name. They may use each other, in any order, but not in a circle.",
    example: "{big: 'properties.total > 1000'}")
  static let dedup = Option.duration(
    "dedup", in: Units.second...(7 * Units.day),
    "With a value, a copy of an event is known by its id alone for this long: for producers that "
      + "stamp an event anew when they send it again. Without, by id and event time, until the "
      + "watermark has passed.", example: "1h")
  static let users = Option.named(
    "users", .name, TraitOptions.all,
    "Traits: what is known of a user before each event, by name. Exactly one of `first`, `last` "
      + "and `count` each. Stages read them as `users.NAME` in any of their expressions; `filter`, "
      + "`derive`, other traits and funnels with `per` do not.")
  static let metrics = Option.named(
    "metrics", .name, MetricOptions.all,
    "Numbers computed over windows of events, by name. Each has exactly one aggregate.")
  static let funnels = Option.named(
    "funnels", .name, FunnelOptions.all,
    "How far users come through steps, by name. For each user and entry window, the longest chain "
      + "of steps that began in it counts.")
  static let retention = Option.named(
    "retention", .name, RetentionOptions.all,
    "Which users come back, by name: a cohort for each unit, and how many of its users return in "
      + "each unit after.")
  static let sessions = Option.named(
    "sessions", .name, SessionOptions.all,
    "Kinds of sessions, by name: a user's events without a gap between them, counted on the day "
      + "that they begin.")
  static let lifecycle = Option.named(
    "lifecycle", .name, LifecycleOptions.all,
    "How many users are new, returning, resurrected and dormant in each unit, by name. The results "
      + "are metrics: `NAME.active`, `NAME.new`, `NAME.returning`, `NAME.resurrected`, "
      + "`NAME.dormant`.")
  static let risks = Option.named(
    "risks", .name, RiskOptions.all,
    "Patterns in the events of one user, card, device, …, by name. Either `when` or `sequence` "
      + "each. Names are unique over risks and alerts.")
  static let alerts = Option.named(
    "alerts", .name, AlertOptions.all, "Conditions over closed windows of a result, by name.")
  static let kpis = Option.named(
    "kpis", .name, KPIOptions.all,
    "A tree of formulas, each over its own period and known to date at any time of it, by name. "
      + "[kpis.md](kpis.md) says what they are. Names are unique over all stages and rules.")
  static let health = Option.group(
    "health", HealthOptions.all,
    "Rules on wall time that watch the worker itself. They are on; each may be `off`.")
  static let notify = Option.named(
    "notify", .name, DestinationOptions.all,
    "Destinations of messages, by name. Each is exactly one of `webhook`, `kafka`, `log`, "
      + "`alertmanager`, `wecom`, `dingtalk`, `feishu` and `slack`.")
  static let notifyWithin = Option.duration(
    "notify_within", default: "1h", in: 0...(400 * Units.day),
    "What ended longer ago than this, in wall time, is not announced one by one.")
  static let console = Option.group(
    "console", ConsoleOptionSpecs.all,
    "The pages, the API and the figures that a worker serves, and who may use them.")
  static let log = Option.group("log", LogOptions.all, "How the worker's log is written.")
  static let limits = Option.group(
    "limits", LimitOptions.all, "Defaults of limits for every stage that does not say otherwise.")
  static let pseudonymize = Option.custom(
    "pseudonymize", "a list of fields, or a mapping of `fields` and `key`",
    "Fields whose values are replaced by pseudonyms before anything else sees them: `user`, `id`, "
      + "names of `fields`, paths. With a list alone the key is `${WEIR_PSEUDONYM_KEY}`; it has at "
      + "least 32 characters. [privacy.md](privacy.md) says what is kept from whom.",
    example: "{fields: [user, properties.phone], key: \"${file:/etc/weir/key}\"}")
  static let upgrade = Option.group(
    "upgrade", UpgradeOptionSpecs.all,
    "What this file may do to a file of results that an earlier version of it made. "
      + "[upgrades.md](upgrades.md) says what a change does.")
  static let tests = Option.list(
    "tests", TestOptions.all, "Tests of this file, run by `weir test`.")

  /// Sources, stages of a kind, traits, derived fields and tests that one file may have, each.
  static let namesMax = 1_000

  static let all: [OptionSpec] =
    [
      name.spec, zone.spec, source.spec, sources.spec, time.spec, filter.spec, derive.spec,
      dedup.spec, users.spec, metrics.spec, funnels.spec, retention.spec, sessions.spec,
      lifecycle.spec, kpis.spec, risks.spec, alerts.spec, health.spec, notify.spec,
      notifyWithin.spec, console.spec, log.spec, limits.spec, upgrade.spec,
      pseudonymize.spec,
    ] + StorageOptions.all + [tests.spec] + later

  /// Stages that the design has and this version does not.
  static let later: [OptionSpec] = [
    OptionSpec(
      name: "thresholds", kind: .elsewhere("under their alert or risk"),
      text: "They belong to the rule that reads them.")
  ]
}

extension OptionSpec {
  /// A key that the design has and this version refuses; `text` is its message's beginning.
  static func later(_ name: String, _ text: String) -> OptionSpec {
    OptionSpec(name: name, kind: .unavailable, text: text)
  }
}

/// Rules of event time.
enum TimeOptions {
  static let lateness = Option.duration(
    "lateness", default: "1m", in: 0...(400 * Units.day),
    "How far the watermark stays behind a partition's clock: events up to this much out of order "
      + "are in time. A source or a stage may say otherwise.")
  static let idleAfter = Option.duration(
    "idle_after", default: "30s", in: Units.second...(7 * Units.day),
    "Wall time without input after which a partition is taken as idle, once the broker confirms "
      + "that nothing lies beyond.")
  static let maxAhead = Option.duration(
    "max_ahead", default: "1d", in: 0...(400 * Units.day),
    "Events further than this past their record's timestamp are rejected.")
  static let notBefore = Option.text(
    "not_before", kind: .phrase("a time: RFC 3339, or a date"), default: "1990-01-01",
    "Events before this are rejected.")
  static let maxDrift = Option.duration(
    "max_drift", default: "1h", in: Units.second...(400 * Units.day),
    "A partition this far ahead of the slowest one that still has input is paused. It changes "
      + "memory and delay, never results.")
  static let whenIdle = Option.choice(
    "when_idle", ["hold", "advance"], default: "hold",
    "When every partition is idle: `hold` keeps windows open until input comes, `advance` lifts "
      + "the clocks to wall time − `idle_after`.")

  static let all: [OptionSpec] = [
    lateness.spec, idleAfter.spec, maxAhead.spec, notBefore.spec, maxDrift.spec, whenIdle.spec,
  ]
}

/// What every metric has when it does not say otherwise.
enum LimitOptions {
  static let maxSeries = Option.integer(
    "max_series", default: 10_000, in: 1...1_000_000, "As a stage's `max_series`.")
  static let seriesTTL = Option.duration(
    "series_ttl", default: "7d", in: Units.minute...(400 * Units.day), "As a metric's `series_ttl`."
  )

  static let all: [OptionSpec] = [maxSeries.spec, seriesTTL.spec]
}

extension StorageOptions {
  static let snapshotEvery = Option.duration(
    "snapshot_every", default: "5s", in: 100...Units.hour,
    "How often offsets and results are committed to the results file.")
  static let stateEvery = Option.duration(
    "state_every", default: "30s", in: 100...Units.day,
    "How often keyed state is saved. A restart reads again what came since. It is stretched so "
      + "that saving takes at most a tenth of the time.")
  static let provisionalEvery = Option.duration(
    "provisional_every", default: "5s", in: 100...Units.hour,
    "How often rows of open windows are published.")
  static let keep = Option.custom(
    "keep", "a mapping of window lengths to durations or `forever`", default: "{}",
    "How long rows are kept, in event time, by the length of their window: a rule holds for "
      + "windows of its length and more, up to the next rule's; shorter windows than any rule's "
      + "take the shortest. Without a rule, rows are kept for ever.",
    example: "{1m: 7d, 1h: 400d, 1d: forever}")
  static let maxWal = Option.size(
    "max_wal", default: "1GiB", in: (16 << 20)...(1 << 40),
    "A write-ahead log over this is an error that names the reader that holds it.")

  static let minFree = Option.size(
    "min_free", default: "256MiB", in: 0...(1 << 50),
    "The worker stops, with everything committed, before less than this is free on the device of "
      + "its files, and makes no copy that would leave less on the device of `dir`. See "
      + "[backup.md](backup.md).")
  static let backup = Option.group(
    "backup", CopyOptions.backup,
    "Copies of both files, made while the worker runs, to go on from when its disk is lost. See "
      + "[backup.md](backup.md).")
  static let archive = Option.group(
    "archive", CopyOptions.archive,
    "Copies of the public file alone, for those who read it.")

  static let all: [OptionSpec] = [
    snapshotEvery.spec, stateEvery.spec, provisionalEvery.spec, keep.spec, maxWal.spec,
    minFree.spec, backup.spec, archive.spec,
  ]
}

/// `backup` and `archive`.
enum CopyOptions {
  static let backupEvery = every("6h")
  static let archiveEvery = every("1d")
  static let dir = Option.text(
    "dir", required: true,
    "The directory that the copies go into, each into a directory of its own: on another device "
      + "than the files, or what is lost with the one is lost with the other.",
    example: "/var/backups/weir")
  static let keep = Option.text(
    "keep", kind: .phrase("a number of copies, a duration, or `forever`"), default: "7",
    "How many copies stay, or for how long each does. Older ones go when a new one is complete; "
      + "the newest always stays.", example: "30d")

  static let backup: [OptionSpec] = [backupEvery.spec, dir.spec, keep.spec]
  static let archive: [OptionSpec] = [archiveEvery.spec, dir.spec, keep.spec]

  private static func every(_ standard: String) -> Option<Int64> {
    Option.duration(
      "every", default: standard, in: Units.second...(400 * Units.day),
      "Wall time between two copies, also over restarts. One that failed is tried again sooner.")
  }
}
