import Foundation

/// What the workers held and how far they were, over time. Confined to the thread that samples.
struct Samples {
  /// One look at a worker.
  struct Sample {
    var seconds: Double
    var residentBytes: Int64
    var descriptors: Int
    /// Events that it had not read, as its file said.
    var lag: Int64
  }

  /// By worker.
  private(set) var taken: [String: [Sample]] = [:]
  private(set) var greatestLag: [String: Int64] = [:]
  private(set) var greatestWal: [String: Int64] = [:]
  /// The longest time between two looks, seconds: more than moments when all of this was stopped.
  private(set) var longestGap = 0.0
  private var last = 0.0

  /// Begins a round of looks, so many seconds after the first.
  mutating func begin(seconds: Double) {
    longestGap = max(longestGap, seconds - last)
    last = seconds
  }

  /// Looks at a worker and its file.
  mutating func take(_ subject: Subject, read: Int64, sent: Int, seconds: Double) {
    let lag = Int64(sent) - read
    greatestLag[subject.name] = max(greatestLag[subject.name] ?? 0, lag)
    greatestWal[subject.name] = max(greatestWal[subject.name] ?? 0, subject.walBytes)
    guard let process = subject.process, let bytes = process.residentBytes, bytes > 0,
      let descriptors = process.descriptors
    else { return }
    taken[subject.name, default: []].append(
      Sample(seconds: seconds, residentBytes: bytes, descriptors: descriptors, lag: lag))
  }

  /// Samples of one quarter, 1 to 4, of so many seconds.
  func quarter(_ number: Int, of seconds: Double, _ name: String) -> [Sample] {
    let range = seconds * Double(number - 1) / 4..<seconds * Double(number) / 4
    return (taken[name] ?? []).filter { range.contains($0.seconds) }
  }
}

extension Array where Element: Comparable {
  /// The middle one, of an even number the lower; nil when there is none.
  var median: Element? { isEmpty ? nil : sorted()[(count - 1) / 2] }

  /// The one that a quarter of them is below; nil when there is none.
  var lowerQuartile: Element? { isEmpty ? nil : sorted()[(count - 1) / 4] }
}

/// Numbers for people.
enum Text {
  static func grouped(_ number: some BinaryInteger) -> String {
    let digits = Array(String(number))
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, digit.isNumber, digits[index - 1].isNumber, (digits.count - index) % 3 == 0 {
        text += ","
      }
      text.append(digit)
    }
    return text
  }

  static func seconds(_ seconds: Double) -> String { String(format: "%.1f s", seconds) }

  static func tenths(_ number: Double) -> String { String(format: "%.1f", number) }

  static func mebibytes(_ bytes: Int64) -> String {
    String(format: "%.0f MiB", Double(bytes) / 1_048_576)
  }
}
