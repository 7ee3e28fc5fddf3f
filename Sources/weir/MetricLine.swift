import Foundation
import PipelineSpec
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

/// A value of a dimension.
enum JSONScalar: Codable, Hashable, CustomStringConvertible {
  case null
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string(String)

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let bool = try? value.decode(Bool.self) {
      self = .bool(bool)
    } else if let int = try? value.decode(Int64.self) {
      self = .int(int)
    } else if let double = try? value.decode(Double.self) {
      self = .double(double)
    } else {
      self = .string(try value.decode(String.self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch self {
    case .null: try value.encodeNil()
    case .bool(let bool): try value.encode(bool)
    case .int(let int): try value.encode(int)
    case .double(let double): try value.encode(double)
    case .string(let string): try value.encode(string)
    }
  }

  var description: String {
    switch self {
    case .null: "null"
    case .bool(let bool): "\(bool)"
    case .int(let int): "\(int)"
    case .double(let double): "\(double)"
    case .string(let string): string
    }
  }
}
