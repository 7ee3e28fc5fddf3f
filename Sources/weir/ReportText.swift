import Foundation

/// CSV as in RFC 4180: a header row, lines ended by CRLF.
enum CSVText {
  static func text(header: [String], _ rows: [[String]]) -> String {
    ([header] + rows).map { $0.map(quoted).joined(separator: ",") + "\r\n" }.joined()
  }

  private static func quoted(_ cell: String) -> String {
    let isPlain = cell.utf8.allSatisfy { $0 != 0x22 && $0 != 0x2C && $0 != 0x0A && $0 != 0x0D }
    return isPlain ? cell : "\"" + cell.replacing("\"", with: "\"\"") + "\""
  }
}

/// Numbers for people.
enum Figures {
  /// `50.0%`; nothing where there is no share.
  static func percent(_ share: Double?) -> String {
    share.map { String(format: "%.1f%%", $0 * 100) } ?? ""
  }

  /// In four columns: `100%`, `32%`, `3.2%`, `0%`.
  static func shortPercent(_ share: Double) -> String {
    let percent = share * 100
    return percent > 0 && percent < 9.95
      ? String(format: "%.1f%%", percent) : String(format: "%.0f%%", percent)
  }

  /// `12.50`, `1,250`.
  static func amount(_ value: Double) -> String {
    abs(value) < 1000
      ? String(format: "%.2f", value)
      : Int64(exactly: value.rounded()).map(Terminal.grouped) ?? "\(value)"
  }

  /// `850 ms`, `12.3 s`, `3m 20s`, `1h 02m`, `2d 03h`; nothing where there is no duration.
  static func duration(ms: Int64?) -> String {
    guard let ms else { return "" }
    func padded(_ number: Int64) -> String { (number < 10 ? "0" : "") + "\(number)" }
    switch ms {
    case ..<1000: return "\(ms) ms"
    case ..<60_000: return String(format: "%.1f s", Double(ms / 100) / 10)
    case ..<3_600_000: return "\(ms / 60_000)m \(padded(ms / 1000 % 60))s"
    case ..<86_400_000: return "\(ms / 3_600_000)h \(padded(ms / 60_000 % 60))m"
    default: return "\(ms / 86_400_000)d \(padded(ms / 3_600_000 % 24))h"
    }
  }

  /// A bar of up to `width` columns, as long as `share` of it; anything above 0 shows.
  static func bar(_ share: Double, width: Int) -> String {
    let eighths = Int((min(max(share, 0), 1) * Double(width * 8)).rounded())
    let shown = share > 0 ? max(eighths, 1) : 0
    let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    return String(repeating: "█", count: shown / 8) + parts[shown % 8]
  }
}

/// Shades of a table's cells: a background on a terminal that has colours, a block elsewhere.
struct Shades {
  /// Whether colours may be used.
  let isStyled: Bool
  /// What the darkest shade stands for; 0 or less: there are no shades.
  let greatest: Double

  private static let blocks = [" ", "░", "▒", "▓", "█"]
  // Grey to blue, with letters that can be read on it.
  private static let styles = [
    "", "48;5;238;38;5;252", "48;5;24;38;5;255", "48;5;25;38;5;255",
    "48;5;27;38;5;231",
  ]

  /// 0 for nothing, 1…4 by quarters of the greatest.
  func level(_ value: Double) -> Int {
    guard value > 0, greatest > 0 else { return 0 }
    return min(4, max(1, Int((value / greatest * 4).rounded(.up))))
  }

  /// What stands before a cell's text.
  func mark(_ value: Double) -> String { isStyled ? "" : Self.blocks[level(value)] }

  /// The codes of a cell's style, if it has one.
  func style(_ value: Double) -> String? {
    let level = level(value)
    return isStyled && level > 0 ? Self.styles[level] : nil
  }

  /// Which shade stands for what, `text` saying what a value is.
  func legend(_ text: (Double) -> String) -> String? {
    guard !isStyled, greatest > 0 else { return nil }
    return (1...4).map { "\(Self.blocks[$0]) to \(text(greatest * Double($0) / 4))" }
      .joined(separator: ", ")
  }
}
