import PipelineSpec
import StreamCore

/// What a profile is made with.
public struct InspectionOptions: Sendable {
  /// Zone of times written without one.
  public var zone = Zone.utc
  /// Roles that a person has chosen.
  public var overrides = RoleOverrides()
  /// Whether the records come from a topic: they may have keys and timestamps.
  public var isTopic = false
  /// Roles that an earlier reading of the same records has found (`Profile.betterRoles`); nil to
  /// find them in the first records.
  public var roles: RoleChoice?

  /// Nothing chosen, times in UTC.
  public init() {}
}

/// Makes a profile of records in one pass, in bounded memory.
///
/// Give it records in the order of their partitions, which may be mixed, then take `finish()`.
/// It holds the first records back (`InspectionLimits.headRecords`) to find out which field is
/// what. The same records give the same profile. Pure: no I/O, no clock. Not for two threads.
public final class Profiler {
  private struct HeldRecord {
    var payload: [UInt8]
    var key: [UInt8]
    var offset: Int64
    var timestampMs: Int64
    var partition: Int
    var format: PayloadFormat
  }

  let options: InspectionOptions
  private var held: [HeldRecord] = []
  private var heldBytes = 0
  private var isHolding = true
  private var hasTimestamps = false
  private var hasKeys = false

  private var names: [PartitionID: Int] = [:]
  private(set) var tracker = EventTracker()
  private(set) var table = FieldTable()
  private(set) var roles = RoleChoice()
  private(set) var records: Int64 = 0
  private(set) var readable: Int64 = 0
  private(set) var usable: Int64 = 0
  private(set) var rejected: [RejectReason: Int64] = [:]
  private(set) var samples: [BadSample] = []
  private(set) var isCSV = false
  /// Of the first file of CSV.
  private(set) var delimiter: UInt8?
  /// Columns in the order of the first file.
  private(set) var columns: [String] = []
  private var reading: RecordReading?

  /// Begins with nothing seen.
  public init(options: InspectionOptions = InspectionOptions()) {
    self.options = options
  }

  /// Takes records of a partition in their order. Payloads are read before it returns. O(bytes).
  ///
  /// - Parameters:
  ///   - partition: Where they are from; beyond `InspectionLimits.partitionsMax` the last one.
  ///   - format: How they are read; of CSV with the header.
  public func add(
    _ messages: UnsafeBufferPointer<RawMessage>, partition: PartitionID, format: PayloadFormat
  ) {
    let index = place(of: partition)
    for message in messages {
      guard isHolding else {
        process(message, index, format)
        continue
      }
      hold(message, index, format)
      let isFull =
        held.count >= InspectionLimits.headRecords || heldBytes >= InspectionLimits.headBytes
      if isFull { release() }
    }
  }

  /// The profile of all that was given. To be called once.
  public func finish() -> Profile {
    if isHolding { release() }
    return ProfileMaker(self).make(
      latest: guess(table, readable), hasTimestamps: hasTimestamps, hasKeys: hasKeys)
  }

  private func place(of partition: PartitionID) -> Int {
    if let known = names[partition] { return known }
    if tracker.partitions.count < InspectionLimits.partitionsMax {
      let name = options.isTopic ? partition.description : partition.topic
      tracker.partitions.append(EventTracker.Partition(name: name))
    }
    names[partition] = tracker.partitions.count - 1
    return tracker.partitions.count - 1
  }

  private func hold(_ message: RawMessage, _ partition: Int, _ format: PayloadFormat) {
    let payload = Array(
      UnsafeRawBufferPointer(
        start: message.payload, count: message.payload == nil ? 0 : Int(message.payloadCount)))
    let key = Array(
      UnsafeRawBufferPointer(
        start: message.key, count: message.key == nil ? 0 : Int(message.keyCount)))
    if message.timestampMs != RawMessage.noTimestamp { hasTimestamps = true }
    if !key.isEmpty { hasKeys = true }
    held.append(
      HeldRecord(
        payload: payload, key: key, offset: message.offset, timestampMs: message.timestampMs,
        partition: partition, format: format))
    heldBytes += payload.count + key.count
  }

  private func guess(_ table: FieldTable, _ readable: Int64) -> RoleChoice {
    let fields = table.nodes.dropFirst().map {
      FieldProfile($0, records: readable, hasUsers: false)
    }
    return RoleGuess(
      fields: fields, records: readable, hasTimestamps: hasTimestamps && options.isTopic,
      hasKeys: hasKeys && options.isTopic
    ).guess(overrides: options.overrides)
  }

  /// Finds out what is what from the records held back, then takes them as all that follow.
  private func release() {
    var seen: Int64 = 0
    for record in held { withMessage(record) { seen += look(at: $0, record.format) ? 1 : 0 } }
    roles = options.roles ?? guess(table, seen)
    table = FieldTable()
    reading = nil
    isHolding = false
    let released = held
    held = []
    for record in released { withMessage(record) { process($0, record.partition, record.format) } }
  }

  private func withMessage(_ record: HeldRecord, _ body: (RawMessage) -> Void) {
    record.payload.withUnsafeBufferPointer { payload in
      record.key.withUnsafeBufferPointer { key in
        body(
          RawMessage(
            payload: payload.isEmpty ? nil : payload.baseAddress,
            payloadCount: Int32(payload.count), key: key.isEmpty ? nil : key.baseAddress,
            keyCount: Int32(key.count), offset: record.offset, timestampMs: record.timestampMs))
      }
    }
  }

  private func decoder(for format: PayloadFormat) -> RecordReading {
    if let reading, reading.format == format { return reading }
    let made = RecordReading(format: format, roles: roles, zone: options.zone)
    if case .csv(let csv) = format {
      isCSV = true
      delimiter = delimiter ?? csv.delimiter
    }
    for column in made.columns where columns.count < InspectionLimits.pathsMax {
      if !columns.contains(column) { columns.append(column) }
    }
    reading = made
    return made
  }

  /// Looks at the fields of a record only. Whether it could be read.
  private func look(at message: RawMessage, _ format: PayloadFormat) -> Bool {
    let reading = decoder(for: format)
    guard reading.decode(message) == nil else { return false }
    table.context.number += 1
    reading.walk(message, into: &table)
    return true
  }

  private func process(_ message: RawMessage, _ partition: Int, _ format: PayloadFormat) {
    records += 1
    tracker.partitions[partition].records += 1
    let reading = decoder(for: format)
    if let reason = reading.decode(message) {
      reject(message, partition, reason, reading.detail)
      return
    }
    readable += 1
    let row = UnsafePointer(reading.row)
    let time = reading.eventTime
    let fault = EventRules.fault(row, time: time, recordMs: message.timestampMs)
    let name = row[Slot.name]
    let userHash = EventRules.hash(row[Slot.user])
    var place: Int?
    if fault == nil { place = tracker.place(of: EventRules.hash(name), name.bytes) }
    let slot = place.flatMap { $0 < InspectionLimits.eventSlots ? $0 : nil }
    table.context = RecordContext(number: records, userHash: userHash, eventSlot: slot)
    reading.walk(message, into: &table)
    guard fault == nil, let time else {
      if let fault { reject(message, partition, fault.reason, fault.detail) }
      return
    }
    usable += 1
    let key = UnsafeRawBufferPointer(start: message.key, count: Int(message.keyCount))
    tracker.add(
      SeenEvent(
        partition: partition, timeMs: time.ms, recordMs: message.timestampMs,
        nameHash: EventRules.hash(name), userHash: userHash,
        idHash: EventRules.hash(row[Slot.id]),
        recordHash: Hash64.of(
          UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadCount))),
        keyHash: message.key == nil || key.isEmpty ? 0 : max(Hash64.of(key), 1)),
      place: place)
  }

  private func reject(
    _ message: RawMessage, _ partition: Int, _ reason: RejectReason, _ detail: String
  ) {
    rejected[reason, default: 0] += 1
    tracker.partitions[partition].unusable += 1
    let ofReason = samples.count { $0.reason == reason.code }
    guard samples.count < InspectionLimits.samplesMax, ofReason < 3 else { return }
    let payload = UnsafeRawBufferPointer(
      start: message.payload, count: message.payload == nil ? 0 : Int(message.payloadCount))
    samples.append(
      BadSample(
        partition: tracker.partitions[partition].name, offset: message.offset,
        reason: reason.code, detail: detail,
        masked: Mask.of(payload, max: InspectionLimits.sampleBytes)))
  }
}

/// Reads records of one format: by the core's decoder, then field by field.
private final class RecordReading {
  let format: PayloadFormat
  let columns: [String]
  let row: UnsafeMutablePointer<Value>
  private let decoder: EventDecoder
  private let count: Int
  /// Places of the columns in the table, which is the same for the whole life of this.
  private var nodes: [Int?] = []

  init(format: PayloadFormat, roles: RoleChoice, zone: Zone) {
    self.format = format
    if case .csv(let csv) = format { columns = csv.header ?? [] } else { columns = [] }
    let source = roles.source(format: format, zone: zone)
    decoder = EventDecoder(source: source, topic: "")
    count = source.fields.count
    row = .allocate(capacity: count)
    row.initialize(repeating: .missing, count: count)
  }

  deinit { row.deallocate() }

  var detail: String { decoder.detail }
  var eventTime: EventTime? { decoder.eventTime(row[Slot.time]) }

  /// Fills `row`; why not, when the record cannot be read.
  func decode(_ message: RawMessage) -> RejectReason? {
    decoder.beginBlock()
    guard message.payload == nil || Int(message.payloadCount) <= InspectionLimits.recordBytes else {
      return .tooLong
    }
    return withUnsafePointer(to: message) { decoder.decode($0, into: row) }
  }

  /// Hands all values of the record that was decoded last to the table.
  func walk(_ message: RawMessage, into table: inout FieldTable) {
    if case .json = format {
      var bytes = UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadCount))
      if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = .init(rebasing: bytes.dropFirst(3)) }
      var walk = JSONWalk(bytes)
      _ = walk.walk(into: &table)
      return
    }
    if nodes.count != columns.count {
      nodes = columns.map { column in
        Array(column.utf8).withUnsafeBytes { table.column($0) }
      }
    }
    for (index, place) in nodes.enumerated() {
      let value = row[Slot.reserved + index]
      guard let node = place else { continue }
      if value.isNull {
        table.note(node, .null)
      } else {
        table.note(node, .string, value.bytes)
      }
    }
  }
}
