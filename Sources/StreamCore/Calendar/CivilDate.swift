/// A date of the proleptic Gregorian calendar.
public struct CivilDate: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Astronomical year: 0 is 1 BC.
  public var year: Int64
  /// 1 ... 12.
  public var month: Int
  /// 1 ... 31.
  public var day: Int

  /// Makes a date of its parts, unchecked.
  public init(year: Int64, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// The date that is `dayNumber` days after 1970-01-01. Years are right to about ±10¹⁵.
  public init(dayNumber: Int64) {
    // Years here begin on 1 March, so that a leap day is the last day of one; 400 of them have
    // 146,097 days.
    let shifted = dayNumber &+ 719_468
    let era = FloorDivision.quotient(shifted, 146_097)
    let dayOfEra = FloorDivision.remainder(shifted, 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// The first day of the month that is `monthNumber` months after January 1970.
  public init(monthNumber: Int64) {
    self.init(
      year: 1970 + FloorDivision.quotient(monthNumber, 12),
      month: Int(FloorDivision.remainder(monthNumber, 12)) + 1, day: 1)
  }

  /// Days since 1970-01-01.
  public var dayNumber: Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = FloorDivision.quotient(shiftedYear, 400)
    let yearOfEra = FloorDivision.remainder(shiftedYear, 400)
    let monthFromMarch = Int64(month > 2 ? month - 3 : month + 9)
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + Int64(day) - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// Months since January 1970.
  public var monthNumber: Int64 { (year - 1970) * 12 + Int64(month) - 1 }

  /// Whether the year has a 29 February.
  public static func isLeap(year: Int64) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  public static func < (a: CivilDate, b: CivilDate) -> Bool {
    (a.year, a.month, a.day) < (b.year, b.month, b.day)
  }

  /// `YYYY-MM-DD`.
  public var description: String {
    func padded(_ number: UInt64, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    let sign = year < 0 ? "-" : ""
    return sign + padded(year.magnitude, 4) + "-" + padded(UInt64(month.magnitude), 2) + "-"
      + padded(UInt64(day.magnitude), 2)
  }
}
