import Foundation
import PipelineSpec
import SnapshotStore
import StreamCore

/// One row of metrics, as it is shown.
struct MetricLine: Encodable {
  var metric: String
  var windowStart: String
  var windowEnd: String
  var dimensions: DimensionValues
  var value: Double
  /// The exact value, where there is one.
  var valueExact: String?
  var samples: Int64
  var estimated: Bool
  var status: String
  /// The dimensions as the file has them.
  private var dimensionsText: String

  private enum CodingKeys: String, CodingKey {
    case metric, windowStart, windowEnd, dimensions, value, valueExact, samples, estimated, status
  }

  /// Shows `row` with times in `zone`.
  init(_ row: MetricRow, zone: Zone) {
    metric = row.metric
    windowStart = Instants.text(row.windowStart, zone: zone)
    windowEnd = Instants.text(row.windowEnd, zone: zone)
    dimensionsText = row.dimensions
    dimensions = Dimensions.read(row.dimensions)
    value = row.value
    valueExact = row.valueExact
    samples = row.samples
    estimated = row.approximate
    status = row.status.rawValue
  }

  /// An aligned table.
  static func table(_ lines: [MetricLine]) -> String {
    var table = TextTable([
      ("metric", .left), ("window", .left), ("until", .left), ("dimensions", .left),
      ("value", .right), ("samples", .right), ("", .left),
    ])
    for line in lines {
      var marks: [String] = []
      if line.estimated { marks.append("(estimated)") }
      if line.status != ResultStatus.final.rawValue { marks.append(line.status) }
      table.add([
        line.metric, line.windowStart, line.windowEnd,
        Dimensions.text(line.dimensions),
        line.valueExact ?? shortened(line.value), "\(line.samples)", marks.joined(separator: " "),
      ])
    }
    return table.text()
  }

  /// CSV with a header row, lines ended by CRLF as in RFC 4180.
  static func csv(_ lines: [MetricLine]) -> String {
    CSVText.text(
      header: [
        "metric", "window_start", "window_end", "dimensions", "value", "samples", "estimated",
        "status",
      ],
      lines.map {
        [
          $0.metric, $0.windowStart, $0.windowEnd, $0.dimensionsText,
          $0.valueExact ?? "\($0.value)", "\($0.samples)", "\($0.estimated)", $0.status,
        ]
      })
  }

  /// At most six decimals; very large and very small values as they are.
  static func shortened(_ value: Double) -> String {
    guard value == 0 || (1e-3..<1e15).contains(abs(value)) else { return "\(value)" }
    var text = String(format: "%.6f", value)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }
}
