import Foundation
import PipelineSpec
import StreamCore

/// One row of metrics, as it is shown.
struct MetricLine: Encodable {
  var metric: String
  var windowStart: String
  var windowEnd: String
  var dimensions: [String: JSONScalar]
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
    let decoder = JSONDecoder()
    dimensions =
      (try? decoder.decode([String: JSONScalar].self, from: Data(row.dimensions.utf8))) ?? [:]
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
        line.dimensions.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
          .joined(separator: " "),
        line.valueExact ?? shortened(line.value), "\(line.samples)", marks.joined(separator: " "),
      ])
    }
    return table.text()
  }

  /// CSV with a header row, lines ended by CRLF as in RFC 4180.
  static func csv(_ lines: [MetricLine]) -> String {
    let header = "metric,window_start,window_end,dimensions,value,samples,estimated,status\r\n"
    return lines.reduce(into: header) { text, line in
      let cells = [
        line.metric, line.windowStart, line.windowEnd, line.dimensionsText,
        line.valueExact ?? "\(line.value)", "\(line.samples)", "\(line.estimated)", line.status,
      ]
      text += cells.map(quoted).joined(separator: ",") + "\r\n"
    }
  }

  /// At most six decimals; very large and very small values as they are.
  static func shortened(_ value: Double) -> String {
    guard value == 0 || (1e-3..<1e15).contains(abs(value)) else { return "\(value)" }
    var text = String(format: "%.6f", value)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }

  private static func quoted(_ cell: String) -> String {
    let isPlain = cell.utf8.allSatisfy { $0 != 0x22 && $0 != 0x2C && $0 != 0x0A && $0 != 0x0D }
    return isPlain ? cell : "\"" + cell.replacing("\"", with: "\"\"") + "\""
  }
}

/// A value of a dimension.
enum JSONScalar: Codable, Equatable, CustomStringConvertible {
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
