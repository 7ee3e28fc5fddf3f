/// Reads a TZif file, versions 1 to 4 (RFC 8536 and RFC 9636). Whatever the bytes are, it returns
/// data that `Zone` can rely on, or throws.
struct TZifParser {
  struct Data {
    /// Ascending; the first is before every time.
    var startsMs: ContiguousArray<Int64> = [.min]
    /// As many as starts.
    var offsetsMs: ContiguousArray<Int64> = []
    var rule: ZoneRule?
  }

  private struct Header {
    var version: UInt8
    var utcMarks: Int
    var standardMarks: Int
    var leapSeconds: Int
    var transitions: Int
    var types: Int
    var nameBytes: Int

    /// Bytes of the data behind the header, with times of `timeBytes` bytes.
    func dataBytes(timeBytes: Int) -> Int {
      transitions * (timeBytes + 1) + types * 6 + nameBytes + leapSeconds * (timeBytes + 4)
        + standardMarks + utcMarks
    }
  }

  private let zone: String
  private let bytes: [UInt8]
  private var offset = 0

  init(zone: String, bytes: [UInt8]) {
    self.zone = zone
    self.bytes = bytes
  }

  mutating func parse() throws(ZoneError) -> Data {
    var header = try readHeader()
    var timeBytes = 4
    if header.version > 0 {
      // The first data are for readers that know 32-bit times only.
      try skip(header.dataBytes(timeBytes: 4))
      header = try readHeader()
      timeBytes = 8
    }
    guard header.leapSeconds == 0 else {
      throw error("it counts leap seconds, which event times do not; use the zone of \"posix\"")
    }
    guard header.types > 0 else { throw error("it has no types of local time") }
    var data = try readData(header, timeBytes: timeBytes)
    if header.version > 0 { data.rule = try readFooter() }
    return data
  }

  private mutating func readHeader() throws(ZoneError) -> Header {
    guard bytes.count - offset >= 44 else { throw error("it ends within a header") }
    guard bytes[offset..<(offset + 4)].elementsEqual("TZif".utf8) else {
      throw error("it does not begin with \"TZif\"")
    }
    let version = bytes[offset + 4]
    offset += 20
    var counts: [Int] = []
    for _ in 0..<6 { counts.append(Int(UInt32(truncatingIfNeeded: readBigEndian(4)))) }
    // No count can exceed the file, which keeps their products far from overflow.
    guard counts.allSatisfy({ $0 <= bytes.count }) else {
      throw error("a header promises more than the file holds")
    }
    return Header(
      version: version, utcMarks: counts[0], standardMarks: counts[1], leapSeconds: counts[2],
      transitions: counts[3], types: counts[4], nameBytes: counts[5])
  }

  private mutating func readData(
    _ header: Header, timeBytes: Int
  ) throws(ZoneError) -> Data {
    let end = offset + header.dataBytes(timeBytes: timeBytes)
    guard end <= bytes.count else { throw error("it ends within its data") }
    var data = Data()
    for _ in 0..<header.transitions {
      let seconds = readBigEndian(timeBytes)
      let limit = EventTime.distantFuture.ms / 1000
      // Some files begin with a transition at the beginning of time.
      let ms = min(max(seconds, -limit), limit) * 1000
      guard data.startsMs.count == 1 || ms > data.startsMs[data.startsMs.count - 1] else {
        throw error("its transitions are not in order")
      }
      data.startsMs.append(ms)
    }
    let typeNumbers = bytes[offset..<(offset + header.transitions)]
    offset += header.transitions
    var types: [Int64] = []
    for _ in 0..<header.types {
      let seconds = readBigEndian(4)
      guard seconds.magnitude <= UInt64(Zone.greatestOffsetMs / 1000) else {
        throw error("an offset is more than 26 hours")
      }
      types.append(seconds * 1000)
      offset += 2
    }
    data.offsetsMs.append(types[0])
    for number in typeNumbers {
      guard Int(number) < types.count else { throw error("a transition has an unknown type") }
      data.offsetsMs.append(types[Int(number)])
    }
    offset = end
    return data
  }

  private mutating func readFooter() throws(ZoneError) -> ZoneRule? {
    let newline = UInt8(ascii: "\n")
    guard offset < bytes.count, bytes[offset] == newline,
      let end = bytes[(offset + 1)...].firstIndex(of: newline)
    else { throw error("it ends within its footer") }
    let text = bytes[(offset + 1)..<end]
    if text.isEmpty { return nil }
    var parser = ZoneRuleParser(text: Array(text))
    guard let rule = parser.parse() else { throw error("its footer is not a POSIX time zone") }
    return rule
  }

  private mutating func skip(_ count: Int) throws(ZoneError) {
    guard count <= bytes.count - offset else { throw error("it ends within its first data") }
    offset += count
  }

  /// Reads a signed integer of 4 or 8 bytes that are there.
  private mutating func readBigEndian(_ count: Int) -> Int64 {
    var value = Int64(Int8(bitPattern: bytes[offset]))
    for index in 1..<count { value = value << 8 | Int64(bytes[offset + index]) }
    offset += count
    return value
  }

  private func error(_ what: String) -> ZoneError {
    ZoneError(
      description: "the file of time zone \(zone) cannot be read near byte \(offset): \(what)")
  }
}

/// Reads a POSIX `TZ` string such as `EST5EDT,M3.2.0,M11.1.0`.
struct ZoneRuleParser {
  private let text: [UInt8]
  private var offset = 0

  init(text: [UInt8]) { self.text = text }

  /// The rule, or nil when the text is none.
  mutating func parse() -> ZoneRule? {
    guard skipName(), let standard = signedTime(), abs(standard) <= 26 * 3600 else { return nil }
    // POSIX counts offsets towards the west.
    var rule = ZoneRule(standardOffsetMs: -standard * 1000)
    if offset == text.count { return rule }
    guard skipName() else { return nil }
    var daylight = standard - 3600
    if peek() != UInt8(ascii: ",") {
      guard let own = signedTime() else { return nil }
      daylight = own
    }
    guard abs(daylight) <= 26 * 3600, let start = change(), let end = change(),
      offset == text.count
    else { return nil }
    rule.daylight = ZoneRule.Daylight(offsetMs: -daylight * 1000, start: start, end: end)
    return rule
  }

  private func peek() -> UInt8? { offset < text.count ? text[offset] : nil }

  private mutating func skip(_ character: Character) -> Bool {
    guard let byte = peek(), byte == character.asciiValue else { return false }
    offset += 1
    return true
  }

  /// `<+03>` or three or more letters.
  private mutating func skipName() -> Bool {
    if skip("<") {
      while let byte = peek() {
        offset += 1
        if byte == UInt8(ascii: ">") { return true }
      }
      return false
    }
    let start = offset
    while let byte = peek(), (65...90).contains(byte & 0xdf) { offset += 1 }
    return offset - start >= 3
  }

  private mutating func number() -> Int64? {
    let start = offset
    var value: Int64 = 0
    while let byte = peek(), (48...57).contains(byte), offset - start < 4 {
      value = value * 10 + Int64(byte - 48)
      offset += 1
    }
    return offset > start ? value : nil
  }

  /// `[+-]hh[:mm[:ss]]` in seconds.
  private mutating func signedTime() -> Int64? {
    let isNegative = skip("-")
    if !isNegative { _ = skip("+") }
    guard let hours = number(), hours <= 167 else { return nil }
    var seconds = hours * 3600
    for unit: Int64 in [60, 1] where skip(":") {
      guard let part = number(), part < 60 else { return nil }
      seconds += part * unit
    }
    return isNegative ? -seconds : seconds
  }

  /// `,date[/time]`.
  private mutating func change() -> ZoneRule.Change? {
    guard skip(","), let day = day() else { return nil }
    var change = ZoneRule.Change(day: day, seconds: 7200)
    if skip("/") {
      guard let seconds = signedTime() else { return nil }
      change.seconds = seconds
    }
    return change
  }

  private mutating func day() -> ZoneRule.Change.Day? {
    if skip("J") {
      guard let day = number(), (1...365).contains(day) else { return nil }
      return .julian(day)
    }
    if skip("M") {
      guard let month = number(), (1...12).contains(month), skip("."), let week = number(),
        (1...5).contains(week), skip("."), let day = number(), (0...6).contains(day)
      else { return nil }
      return .weekday(month: Int(month), week: week, day: day)
    }
    guard let day = number(), day <= 365 else { return nil }
    return .zeroBased(day)
  }
}
