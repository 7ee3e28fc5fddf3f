import Foundation
import PipelineSpec
import StreamCore

/// Reads a CSV file of incidents: the columns `incident`, `from`, `to`, perhaps `rule` and
/// `series`, and others that are people's own. Or a results file, whose incidents are the alerts
/// and findings that people judged to be real.
public enum IncidentFile {
  /// Largest file that is read, in bytes.
  static let bytesMax = 16 << 20

  /// The incidents of the file at `path`, in its order.
  ///
  /// A date is a whole day of `zone`, the last one too; of times the interval is half-open.
  ///
  /// - Parameter rules: Names that the column `rule` may have.
  /// - Throws: `WorkerError` for a file that cannot be read, and for the first thing wrong in it
  ///   with its line.
  public static func read(
    path: String, zone: Zone, rules: [String]
  ) throws(WorkerError) -> [Incident] {
    guard let handle = FileHandle(forReadingAtPath: path),
      let data = try? handle.read(upToCount: bytesMax + 1)
    else {
      throw WorkerError(
        .outside, "the incidents in \(path) cannot be read",
        whatToDo: "name a CSV file that this user may read")
    }
    try? handle.close()
    if data.starts(with: resultsBeginning) {
      let incidents = try verdicts(path: path)
      guard incidents.isEmpty else { return incidents }
      throw WorkerError(
        .refused, "\(path) has no incidents: nobody has judged an alert or a finding to be real",
        whatToDo: "judge some with `weir alerts verdict \(path) ID real`")
    }
    guard data.count <= bytesMax else {
      throw WorkerError(
        .refused, "\(path) has more than \(bytesMax) bytes", whatToDo: "give fewer incidents")
    }
    return try parse([UInt8](data), file: path, zone: zone, rules: rules)
  }

  /// The incidents of a file's bytes; see `read`.
  static func parse(
    _ bytes: [UInt8], file: String, zone: Zone, rules: [String]
  ) throws(WorkerError) -> [Incident] {
    var columns: [String: Int]?
    var incidents: [Incident] = []
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
    {
      var line = line
      while line.last == 0x0D { line.removeLast() }
      if line.isEmpty { continue }
      let place = "\(file):\(index + 1)"
      let cells = Array(line).withUnsafeBytes {
        CSVSplitter.cells(in: $0, format: CSVFormat(trim: true))
      }
      guard let cells else {
        throw WorkerError(
          .refused, "\(place) is no row of CSV", whatToDo: "close its quotes, one row a line")
      }
      guard let known = columns else {
        columns = try header(cells, place)
        continue
      }
      incidents.append(try incident(cells, known, place, zone, rules))
    }
    guard !incidents.isEmpty else {
      throw WorkerError(
        .refused, "\(file) has no incidents", whatToDo: "give it the columns incident, from, to")
    }
    return incidents
  }

  private static func header(_ cells: [String], _ place: String) throws(WorkerError) -> [String:
    Int]
  {
    let columns = Dictionary(
      cells.enumerated().map { ($0.element.lowercased(), $0.offset) },
      uniquingKeysWith: { a, _ in a })
    for name in ["incident", "from", "to"] where columns[name] == nil {
      throw WorkerError(
        .refused, "\(place): there is no column '\(name)'\(Refusal.hint(name, cells))",
        whatToDo: "give the file the columns incident, from, to in its first line")
    }
    return columns
  }

  private static func incident(
    _ cells: [String], _ columns: [String: Int], _ place: String, _ zone: Zone, _ rules: [String]
  ) throws(WorkerError) -> Incident {
    let cell = { (name: String) in
      columns[name].flatMap { $0 < cells.count ? cells[$0] : nil } ?? ""
    }
    func time(_ name: String) throws(WorkerError) -> EventTime {
      guard let time = Instants.parse(cell(name), zone: zone) else {
        throw WorkerError(
          .refused, "\(place): '\(cell(name).prefix(40))' is no time",
          whatToDo: "write \(name) as 2026-01-31, or as 2026-01-31T08:00:00Z")
      }
      return time
    }
    let from = try time("from")
    var to = try time("to")
    if cell("to").utf8.count == "YYYY-MM-DD".utf8.count {
      to = zone.startOfDay(zone.dayNumber(of: to) + 1)
    }
    guard from < to else {
      throw WorkerError(
        .refused, "\(place): the incident ends before it begins",
        whatToDo: "give it a 'to' after its 'from'; of dates both days belong to it")
    }
    let (rule, series) = (cell("rule"), cell("series"))
    guard rule.isEmpty || rules.contains(rule) else {
      throw WorkerError(
        .refused, "\(place): there is no alert or risk '\(rule)'\(Refusal.hint(rule, rules))",
        whatToDo:
          "name a rule of the pipeline (\(rules.joined(separator: ", "))), or leave it empty")
    }
    return Incident(
      name: cell("incident"), span: from..<to, rule: rule.isEmpty ? nil : rule,
      series: series.isEmpty ? nil : series)
  }
}
