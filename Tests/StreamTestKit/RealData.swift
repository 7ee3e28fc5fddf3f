import Foundation

/// Data that lies beside the project and is no part of it, read line by line with nothing of the
/// product.
public enum RealData {
  /// A file that tests need cannot be read.
  public struct Missing: Error, CustomStringConvertible {
    public var description: String
  }

  /// One line: its bytes as a partition's log has them, and what it means.
  public struct Line: Sendable {
    /// The text without its line end.
    public var text: String
    /// What it means; `offset` is the number of the line.
    public var event: OracleEvent
  }

  /// Names of the columns of `ecom()`.
  public static let ecomColumns = [
    "user_id", "session_id", "event", "timestamp", "platform", "acquisition_channel",
    "user_cohort", "user_lifecycle",
  ]

  /// Names of the columns of `cdnow()`, whose file has none.
  public static let cdnowColumns = ["customer", "sample", "date", "cds", "dollars"]

  /// Clicks in a shop, in order of time; `channel` is the platform, `city` the channel of
  /// acquisition.
  public static func ecom() throws -> [Line] {
    try lines("ecom/ecom.csv.gz").dropFirst().enumerated().map { number, text in
      let cells = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard cells.count == ecomColumns.count, let timeMs = time(cells[3]) else {
        throw Missing(description: "line \(number + 2) of ecom.csv.gz is not as it was")
      }
      return Line(
        text: text,
        event: OracleEvent(
          timeMs: timeMs, user: cells[0], name: cells[2], channel: cells[4], city: cells[5],
          offset: number))
    }.sorted { ($0.event.timeMs, $0.event.offset) < ($1.event.timeMs, $1.event.offset) }
  }

  /// Purchases of CDs, in order of their days; `units` are cents.
  public static func cdnow() throws -> [Line] {
    try lines("cdnow/CDNOW_sample.txt").enumerated().map { number, text in
      let cells = text.split(separator: " ").map(String.init)
      guard cells.count == cdnowColumns.count, let timeMs = day(cells[2]),
        let cents = Int64(cells[4].filter { $0 != "." }), cells[4].dropLast(2).last == "."
      else {
        throw Missing(description: "line \(number + 1) of CDNOW_sample.txt is not as it was")
      }
      return Line(
        text: text,
        event: OracleEvent(
          timeMs: timeMs, user: cells[0], name: "purchase", units: cents, offset: number))
    }.sorted { ($0.event.timeMs, $0.event.offset) < ($1.event.timeMs, $1.event.offset) }
  }

  /// Path of a file of the shared data.
  public static func path(_ name: String, from file: String = #filePath) throws -> String {
    let root = file.split(separator: "/").dropLast(3).joined(separator: "/")
    let set = ProcessInfo.processInfo.environment["WEIR_SHARED_DATA"].map { [$0] } ?? []
    let folders = ["/\(root)/../shared/data"] + set
    for folder in folders where FileManager.default.isReadableFile(atPath: "\(folder)/\(name)") {
      return "\(folder)/\(name)"
    }
    throw Missing(
      description:
        "\(name) is in none of \(folders); set WEIR_SHARED_DATA to the directory it is in"
    )
  }

  private static func lines(_ name: String) throws -> [String] {
    let path = try path(name)
    let data: Data
    if path.hasSuffix(".gz") {
      let process = Process()
      let output = Pipe()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = ["zcat", path]
      process.standardOutput = output
      try process.run()
      data = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else {
        throw Missing(description: "zcat cannot read \(name)")
      }
    } else {
      data = try Data(contentsOf: URL(filePath: path))
    }
    return data.split(separator: UInt8(ascii: "\n")).map { line in
      String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
    }
  }

  /// `2024-03-13 10:21:14` of UTC.
  private static func time(_ text: String) -> Int64? {
    let parts = text.split(separator: " ")
    guard parts.count == 2, let day = day(parts[0].filter { $0 != "-" }) else { return nil }
    let clock = parts[1].split(separator: ":").compactMap { Int64($0) }
    guard clock.count == 3 else { return nil }
    return day + (clock[0] * 3600 + clock[1] * 60 + clock[2]) * 1000
  }

  /// The first instant of a day of UTC, `19970101`.
  private static func day(_ text: String) -> Int64? {
    guard let date = Int64(text), text.count == 8 else { return nil }
    var components = DateComponents()
    components.year = Int(date / 10_000)
    components.month = Int(date / 100 % 100)
    components.day = Int(date % 100)
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    return calendar.date(from: components).map { Int64($0.timeIntervalSince1970) * 1000 }
  }
}

extension RealData {
  /// How users of the shop come from the catalogue to a purchase within a day, by platform.
  public static func ecomCheckout(name: String) -> FunnelOracle {
    let steps = ["catalog", "product_view", "add_to_cart", "payment_details", "purchase"]
    return FunnelOracle(
      name: name, steps: steps.map { step in .init(step) { $0.name == step } },
      withinMs: 86_400_000, dimensions: [("platform", { OracleValue($0.channel) })])
  }

  /// Which users of the shop come back, by week.
  public static func ecomWeekly(name: String, periods: Int) -> RetentionOracle {
    RetentionOracle(name: name, unit: .week, periods: periods)
  }

  /// Which customers buy CDs again, by month, and for how much.
  public static func cdnowRepurchase(name: String, periods: Int, forgetAfterDays: Int64 = 400)
    -> RetentionOracle
  {
    RetentionOracle(
      name: name, unit: .month, periods: periods, value: { $0.units },
      forgetAfterMs: forgetAfterDays * 86_400_000)
  }
}
