/// The form in which a date is written that is no RFC 3339.
struct DateShape: Hashable {
  /// Which part comes first.
  enum Order: Hashable { case yearFirst, yearLast }

  /// Between the parts of the date: `/`, `-`, `.`, `年` for all of its signs, none when it is 0.
  var separator: UInt8
  var order = Order.yearFirst
  /// `T` or a blank between date and time; 0 when there is no time.
  var timeMark: UInt8 = 0
  /// Parts of the time: 0, 2 or 3.
  var timeParts = 0

  /// What the first two numbers of a date with the year last can only be.
  enum Evidence { case none, dayFirst, monthFirst }

  /// The pattern that reads it. `isDayFirst` matters where the year is last. Parts of one letter
  /// read one digit or two: that no value with one was seen yet does not mean that none comes.
  func pattern(isDayFirst: Bool) -> String {
    var text: String
    switch (separator, order) {
    case (0, _): text = "yyyyMMdd"
    case (Self.chinese, _): text = "yyyy年M月d日"
    case (let byte, .yearFirst):
      let sign = String(UnicodeScalar(byte))
      text = "yyyy\(sign)M\(sign)d"
    case (let byte, .yearLast):
      let sign = String(UnicodeScalar(byte))
      text =
        isDayFirst ? "d\(sign)M\(sign)yyyy" : "M\(sign)d\(sign)yyyy"
    }
    if timeParts == 0 { return text }
    if separator == 0, timeMark == 0 { return text + (timeParts == 3 ? "HHmmss" : "HHmm") }
    text += timeMark == UInt8(ascii: "T") ? "T" : " "
    return text + "H:mm" + (timeParts == 3 ? ":ss" : "")
  }

  static let chinese: UInt8 = 0xE5
}

/// One date as it was written.
struct SeenDate {
  var shape: DateShape
  var evidence = DateShape.Evidence.none
}

extension KindScan {
  /// Whether `text`, which begins with a digit, is a date, and of which kind.
  static func date(_ text: UnsafeRawBufferPointer) -> ValueKind? {
    guard text.count >= 8, isDigit(text[0]) else { return nil }
    if text.count >= 10, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
      let year = number(text, 0, 4), let month = number(text, 5, 2), let day = number(text, 8, 2)
    {
      guard isDate(year, month, day) else { return nil }
      if text.count == 10 { return .date }
      return isISOTime(text) ? .rfc3339 : nil
    }
    return shape(text) == nil ? nil : .patternDate
  }

  private static func isISOTime(_ text: UnsafeRawBufferPointer) -> Bool {
    guard text.count >= 16, text[10] | 0x20 == 0x74 || text[10] == 0x20,
      let hour = number(text, 11, 2), hour < 24, text[13] == UInt8(ascii: ":"),
      let minute = number(text, 14, 2), minute < 60
    else { return false }
    let signs = Array("0123456789:.,+-zZ".utf8)
    return text[16...].allSatisfy { signs.contains($0) }
  }

  /// The form of a date that needs a pattern, and what it says about the order of month and day.
  static func shape(_ text: UnsafeRawBufferPointer) -> SeenDate? {
    if text.allSatisfy({ isDigit($0) }) { return compact(text) }
    var at = 0
    guard let first = run(text, &at), at < text.count else { return nil }
    let separator = text[at]
    if separator == DateShape.chinese { return chinese(text, at, first) }
    guard [0x2F, 0x2D, 0x2E].contains(separator) else { return nil }
    at += 1
    guard let second = run(text, &at), at < text.count, text[at] == separator else { return nil }
    at += 1
    guard let third = run(text, &at) else { return nil }
    var seen = SeenDate(shape: DateShape(separator: separator))
    if first.digits == 4, second.digits <= 2, third.digits <= 2 {
      guard isDate(first.number, second.number, third.number) else { return nil }
    } else if third.digits == 4, first.digits <= 2, second.digits <= 2 {
      seen.shape.order = .yearLast
      let asDay = isDate(third.number, second.number, first.number)
      let asMonth = isDate(third.number, first.number, second.number)
      guard asDay || asMonth else { return nil }
      seen.evidence = asDay && asMonth ? .none : asDay ? .dayFirst : .monthFirst
    } else {
      return nil
    }
    return time(text, at, &seen) ? seen : nil
  }

  private static func compact(_ text: UnsafeRawBufferPointer) -> SeenDate? {
    guard [8, 12, 14].contains(text.count), let year = number(text, 0, 4),
      let month = number(text, 4, 2), let day = number(text, 6, 2), isDate(year, month, day),
      (1950...2099).contains(year)
    else { return nil }
    var shape = DateShape(separator: 0)
    if text.count > 8 {
      guard let hour = number(text, 8, 2), hour < 24, let minute = number(text, 10, 2), minute < 60
      else { return nil }
      if text.count == 14, (number(text, 12, 2) ?? 60) > 59 { return nil }
      shape.timeParts = text.count == 14 ? 3 : 2
    }
    return SeenDate(shape: shape)
  }

  /// `2024年3月13日`.
  private static func chinese(
    _ text: UnsafeRawBufferPointer, _ start: Int, _ year: Run
  ) -> SeenDate? {
    var at = start
    guard year.digits == 4, pass("年", text, &at), let month = run(text, &at),
      pass("月", text, &at), let day = run(text, &at), pass("日", text, &at), month.digits <= 2,
      day.digits <= 2, isDate(year.number, month.number, day.number)
    else { return nil }
    var seen = SeenDate(shape: DateShape(separator: DateShape.chinese))
    return time(text, at, &seen) ? seen : nil
  }

  private static func pass(
    _ sign: StaticString, _ text: UnsafeRawBufferPointer, _ at: inout Int
  ) -> Bool {
    let count = sign.utf8CodeUnitCount
    guard at + count <= text.count else { return false }
    for index in 0..<count where text[at + index] != sign.utf8Start[index] { return false }
    at += count
    return true
  }

  /// Reads the time that may follow a date. False for anything else.
  private static func time(
    _ text: UnsafeRawBufferPointer, _ start: Int, _ seen: inout SeenDate
  ) -> Bool {
    if start == text.count { return true }
    var at = start
    guard text[at] == 0x20 || text[at] == UInt8(ascii: "T") else { return false }
    seen.shape.timeMark = text[at]
    at += 1
    guard let hour = run(text, &at), hour.digits <= 2, hour.number < 24, at < text.count,
      text[at] == UInt8(ascii: ":")
    else { return false }
    at += 1
    guard let minute = run(text, &at), minute.digits == 2, minute.number < 60 else { return false }
    seen.shape.timeParts = 2
    if at == text.count { return true }
    guard text[at] == UInt8(ascii: ":") else { return false }
    at += 1
    guard let second = run(text, &at), second.digits == 2, second.number < 60, at == text.count
    else { return false }
    seen.shape.timeParts = 3
    return true
  }

  private struct Run {
    var number: Int
    var digits: Int
  }

  /// The digits at `at`, at most six of them.
  private static func run(_ text: UnsafeRawBufferPointer, _ at: inout Int) -> Run? {
    var run = Run(number: 0, digits: 0)
    while at < text.count, isDigit(text[at]) {
      run.number = run.number * 10 + Int(text[at] - UInt8(ascii: "0"))
      run.digits += 1
      at += 1
      if run.digits > 6 { return nil }
    }
    return run.digits == 0 ? nil : run
  }

  private static func number(_ text: UnsafeRawBufferPointer, _ start: Int, _ count: Int) -> Int? {
    guard start + count <= text.count else { return nil }
    var number = 0
    for index in start..<(start + count) {
      guard isDigit(text[index]) else { return nil }
      number = number * 10 + Int(text[index] - UInt8(ascii: "0"))
    }
    return number
  }

  private static func isDate(_ year: Int, _ month: Int, _ day: Int) -> Bool {
    let days = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard (1...9999).contains(year), (1...12).contains(month) else { return false }
    return (1...days[month - 1]).contains(day)
  }
}
