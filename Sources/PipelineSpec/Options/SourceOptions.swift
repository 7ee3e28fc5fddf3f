import StreamCore

/// One source of events.
enum SourceOptions {
  static let kafka = Option.group(
    "kafka", KafkaOptions.all, "The topic. Without it, events come from files only.")
  static let format = Option.choice(
    "format", FormatPreset.all.map(\.name), default: "segment",
    "Preset of `fields`: where the event's own fields are, in payloads of a well-known kind. "
      + "`custom` has none.")
  static let fields = Option.custom(
    "fields", "a mapping of names to where they are",
    "Where fields are, over those of the preset: `name`, `user`, `time`, `id`, `record_time`, and "
      + "names of your own. See [Fields](#fields).",
    example: "{name: event, user: [user_id, anonymous_id], time: timestamp, id: message_id}")
  static let csv = Option.group(
    "csv", CSVOptions.all, "Given, payloads are CSV rows; without it, JSON objects.")
  static let zone = Option.text(
    "zone", "IANA zone of times written without an offset. Without it, the pipeline's.",
    example: "UTC")
  static let keyed = Option.flag(
    "keyed", default: true,
    "Whether all events of a user are in one partition. If not, results by user go through the "
      + "exchange.")
  static let lateness = Option.duration(
    "lateness", in: 0...(400 * Units.day),
    "Lateness of this source's events, in place of `time.lateness`.", example: "10m")

  static let all: [OptionSpec] = [
    kafka.spec, format.spec, fields.spec, csv.spec, zone.spec, keyed.spec, lateness.spec,
  ]
}

/// A Kafka topic.
enum KafkaOptions {
  static let brokers = Option.text(
    "brokers", required: true, "Bootstrap brokers, separated by commas.",
    example: "${WEIR_BROKERS:-127.0.0.1:9092}")
  static let topic = Option.text("topic", required: true, "Topic to read.", example: "shop.events")
  static let start = Option.text(
    "start", kind: .phrase("`earliest`, `latest`, or a time"), default: "earliest",
    "Where to begin when no snapshot knows better.", example: "2026-01-01")
  static let deadLetters = Option.text(
    "dead_letters",
    "Topic that rejected and late events are produced to. Without it, they are "
      + "counted and sampled only.", example: "shop.rejected")
  static let onLostOffsets = Option.choice(
    "on_lost_offsets", ["stop", "continue"], default: "stop",
    "When Kafka no longer has the offsets to go on from: `stop` names the lost range and stops, "
      + "`continue` goes on from the earliest that is there.")
  static let waitForTopic = Option.flag(
    "wait_for_topic", default: false,
    "Whether to wait for a topic that does not exist yet, in place of stopping.")
  static let options = Option.custom(
    "options", "a mapping of librdkafka properties to values", default: "{}",
    "Any librdkafka property, as security settings.",
    example: "{security.protocol: SASL_SSL, sasl.password: \"${file:/run/secrets/kafka}\"}")

  static let all: [OptionSpec] = [
    brokers.spec, topic.spec, start.spec, deadLetters.spec, onLostOffsets.spec,
    waitForTopic.spec, options.spec,
  ]
}

/// How CSV rows are read.
enum CSVOptions {
  static let delimiter = Option.text(
    "delimiter", kind: .phrase("one character of ASCII, or `tab`"), default: ",",
    "Between values. A blank stands for any run of blanks and tabs.", example: "';'")
  static let header = Option.custom(
    "header", "a list of column names",
    "Names of the columns. Without it, they are in the first row of each file.",
    example: "[user_id, event, timestamp]")
  static let trim = Option.flag(
    "trim", default: false, "Whether blanks around values that are not quoted are dropped.")

  static let encoding = Option.choice(
    "encoding", TextEncoding.allCases.map(\.rawValue), default: TextEncoding.utf8.rawValue,
    "How files hold characters; a byte order mark in a file wins over it. Payloads of a topic are "
      + "UTF-8.")
  static let thousands = Option.text(
    "thousands", kind: .phrase("`,`, `'`, `.` or a blank"),
    "Between thousands of numbers: with it `1,299.00` is a number. A comma and an apostrophe go "
      + "with a decimal point, a point and a blank with a decimal comma. What is not wholly a "
      + "number in groups of three digits stays as it is.", example: "','")

  static let all: [OptionSpec] = [
    delimiter.spec, header.spec, trim.spec, encoding.spec, thousands.spec,
  ]
}
