/// The languages of the console.
enum Language: String, Sendable, CaseIterable {
  case english = "en"
  case chinese = "zh"

  /// All strings of it.
  var words: Words {
    switch self {
    case .english: .english
    case .chinese: .chinese
    }
  }

  /// As a BCP 47 tag.
  var tag: String {
    switch self {
    case .english: "en"
    case .chinese: "zh-Hans"
    }
  }

  /// As its readers call it.
  var ownName: String {
    switch self {
    case .english: "English"
    case .chinese: "中文"
    }
  }

  /// The language that `Accept-Language` prefers among these; English where it names none.
  static func preferred(by header: String?) -> Language {
    var best: (language: Language, weight: Double)?
    for item in (header ?? "").split(separator: ",").prefix(32) {
      let parts = item.split(separator: ";").map { $0.trimming(" ") }
      guard let tag = parts.first?.lowercased() else { continue }
      let weight =
        parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
      guard let language = allCases.first(where: { tag.hasPrefix($0.rawValue) }), weight > 0
      else { continue }
      if weight > best?.weight ?? 0 { best = (language, weight) }
    }
    return best?.language ?? .english
  }
}

/// Every string that people read, in one language: a part for the frame of all pages and one for
/// each page. A string that one language lacks does not compile.
///
/// An object, as there are hundreds of strings: whoever asks for one must not copy them all.
final class Words: Sendable {
  /// The frame of every page.
  let frame: FrameWords
  /// What pages of results share.
  let results: ResultsWords
  /// The overview.
  let overview: OverviewWords
  /// The pages of metrics.
  let series: SeriesWords
  /// The page of funnels.
  let conversion: ConversionWords
  /// The page of retention.
  let retention: RetentionWords
  /// The wall.
  let wall: WallWords
  /// The pages of alerts.
  let alerts: AlertsWords
  /// The page of data.
  let data: DataWords
  /// The pages of thresholds.
  let thresholds: ThresholdsWords
  /// What was not done or not found.
  let problems: ProblemWords

  init(
    frame: FrameWords,
    results: ResultsWords,
    overview: OverviewWords,
    series: SeriesWords,
    conversion: ConversionWords,
    retention: RetentionWords,
    wall: WallWords,
    alerts: AlertsWords,
    data: DataWords,
    thresholds: ThresholdsWords,
    problems: ProblemWords
  ) {
    self.frame = frame
    self.results = results
    self.overview = overview
    self.series = series
    self.conversion = conversion
    self.retention = retention
    self.wall = wall
    self.alerts = alerts
    self.data = data
    self.thresholds = thresholds
    self.problems = problems
  }

  static let english = Words(
    frame: .english,
    results: .english,
    overview: .english,
    series: .english,
    conversion: .english,
    retention: .english,
    wall: .english,
    alerts: .english,
    data: .english,
    thresholds: .english,
    problems: .english)
  static let chinese = Words(
    frame: .chinese,
    results: .chinese,
    overview: .chinese,
    series: .chinese,
    conversion: .chinese,
    retention: .chinese,
    wall: .chinese,
    alerts: .chinese,
    data: .chinese,
    thresholds: .chinese,
    problems: .chinese)
}

extension StringProtocol {
  /// Without `characters` at both ends.
  func trimming(_ characters: String) -> String {
    var rest = self[...]
    while let first = rest.first, characters.contains(first) { rest = rest.dropFirst() }
    while let last = rest.last, characters.contains(last) { rest = rest.dropLast() }
    return String(rest)
  }
}
