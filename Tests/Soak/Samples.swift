import Foundation

/// What the workers held and how far they were, over time. Confined to the thread that samples.
struct Samples {
  /// One look at a worker.
  struct Sample {
    var seconds: Double
    var residentBytes: Int64
    var descriptors: Int
  }

  /// By worker.
  private(set) var taken: [String: [Sample]] = [:]
  private(set) var greatestLag: [String: Int64] = [:]
  private(set) var greatestWal: [String: Int64] = [:]

  /// Looks at a worker and its file.
  mutating func take(_ subject: Subject, read: Int64, sent: Int, seconds: Double) {
    greatestLag[subject.name] = max(greatestLag[subject.name] ?? 0, Int64(sent) - read)
    greatestWal[subject.name] = max(greatestWal[subject.name] ?? 0, subject.walBytes)
    guard let process = subject.process, let bytes = process.residentBytes, bytes > 0,
      let descriptors = process.descriptors
    else { return }
    taken[subject.name, default: []].append(
      Sample(seconds: seconds, residentBytes: bytes, descriptors: descriptors))
  }

  /// Samples of one quarter, 1 to 4, of so many seconds.
  func quarter(_ number: Int, of seconds: Double, _ name: String) -> [Sample] {
    let range = seconds * Double(number - 1) / 4..<seconds * Double(number) / 4
    return (taken[name] ?? []).filter { range.contains($0.seconds) }
  }

  /// Growth from the end of the first quarter on, in bytes a minute: the line that fits best.
  func bytesPerMinute(_ name: String, of seconds: Double) -> Double {
    let late = (taken[name] ?? []).filter { $0.seconds >= seconds / 4 }
    guard late.count > 1 else { return 0 }
    let count = Double(late.count)
    let meanTime = late.reduce(0) { $0 + $1.seconds } / count
    let meanBytes = late.reduce(0) { $0 + Double($1.residentBytes) } / count
    var (above, below) = (0.0, 0.0)
    for sample in late {
      above += (sample.seconds - meanTime) * (Double(sample.residentBytes) - meanBytes)
      below += (sample.seconds - meanTime) * (sample.seconds - meanTime)
    }
    return below > 0 ? above / below * 60 : 0
  }
}

extension Array where Element: Comparable {
  /// The middle one, of an even number the lower; nil when there is none.
  var median: Element? { isEmpty ? nil : sorted()[(count - 1) / 2] }
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
