/// How the messages of one source become events.
public struct SourcePlan: Sendable {
  /// The source's name in the pipeline file.
  public var name: String
  /// Kafka topic, or nil for files only.
  public var topic: String?
  /// How a payload is read.
  public var format: PayloadFormat
  /// Where each decoded field comes from; as many as `PipelinePlan.fields`.
  public var fields: [FieldBinding]
  /// How the time field is read.
  public var timeFormat: TimeFormat
  /// Zone of times written without one.
  public var zone: Zone
  /// Whether all events of a user are in one partition. If not, per-user results go through the
  /// exchange.
  public var keyed: Bool
  /// Lateness of this source's events, where a stage does not say otherwise.
  public var latenessMs: Int64?
  /// Names of the record headers that `fields` reads, in the order of `RawMessage.headers`.
  public var headers: [String]

  /// Makes a source of its parts.
  public init(
    name: String, topic: String?, format: PayloadFormat = .json, fields: [FieldBinding],
    timeFormat: TimeFormat = .automatic, zone: Zone = .utc, keyed: Bool = true,
    latenessMs: Int64? = nil, headers: [String] = []
  ) {
    self.name = name
    self.topic = topic
    self.format = format
    self.fields = fields
    self.timeFormat = timeFormat
    self.zone = zone
    self.keyed = keyed
    self.latenessMs = latenessMs
    self.headers = headers
  }
}

/// How a payload's bytes are read.
public enum PayloadFormat: Sendable, Equatable {
  /// One JSON object a message.
  case json
  /// One CSV row a message.
  case csv(CSVFormat)
}

/// How CSV rows are read. RFC 4180 quoting throughout.
public struct CSVFormat: Sendable, Equatable {
  /// Delimiter byte. A space stands for any run of spaces and tabs.
  public var delimiter: UInt8
  /// Column names; nil when the first row of a file holds them.
  public var header: [String]?
  /// Whether blanks around unquoted values are dropped.
  public var trim: Bool
  /// How files hold characters; a byte order mark wins over it. Payloads of a topic are UTF-8.
  public var encoding: TextEncoding
  /// How numbers with thousands separators are read; nil: as any text.
  public var thousands: NumberGroups?

  /// Makes a CSV format; the defaults are those of the pipeline file.
  public init(
    delimiter: UInt8 = 0x2C, header: [String]? = nil, trim: Bool = false,
    encoding: TextEncoding = .utf8, thousands: NumberGroups? = nil
  ) {
    self.delimiter = delimiter
    self.header = header
    self.trim = trim
    self.encoding = encoding
    self.thousands = thousands
  }

  /// The same for a row of column names, which are no numbers.
  public var ofHeader: CSVFormat {
    var format = self
    format.thousands = nil
    return format
  }
}

/// Where one field of an event comes from.
public enum FieldBinding: Sendable, Equatable {
  /// The first value of these paths that is neither missing nor null. A path is its steps:
  /// `properties.total` is `["properties", "total"]`. In CSV the steps joined by dots name a
  /// column.
  case paths([[String]])
  /// A value that does not depend on the message.
  case constant(Constant)
  /// The record's key, as text.
  case recordKey
  /// The record's timestamp, as a whole number of milliseconds.
  case recordTimestamp
  /// The topic's name.
  case recordTopic
  /// The record header of this index in `SourcePlan.headers`.
  case recordHeader(Int)
  /// Never there.
  case absent

  /// A constant of a pipeline file.
  public enum Constant: Sendable, Equatable, Hashable {
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
  }
}

/// How the time field is read.
public enum TimeFormat: Sendable, Equatable {
  /// RFC 3339 (`T` or a blank between date and time, any offset or none), a date alone, or epoch
  /// seconds, milliseconds, microseconds told apart by magnitude, as number or text.
  case automatic
  /// A pattern of `yyyy MM dd HH mm ss SSS` and literal characters.
  case pattern(String)
}
