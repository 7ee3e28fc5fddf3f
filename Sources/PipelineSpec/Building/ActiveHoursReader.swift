import StreamCore

/// Reads `active`: days of the week and hours of the day.
struct ActiveHoursReader {
  let faults: FaultCollector

  private static let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
  private static let example = "write days and hours: \"mon-fri 09:00-18:00\", \"sat,sun\""

  /// The hours that `node` lists; those that pass midnight are in two parts.
  func read(_ node: ConfigNode?) -> [AlertPlan.ActiveHours] {
    guard let node, !node.isNull else { return [] }
    let items = node.items ?? [node]
    return items.flatMap { item -> [AlertPlan.ActiveHours] in
      guard let scalar = item.scalar, !scalar.isUnresolved else {
        if item.scalar == nil { refuse(item) }
        return []
      }
      guard let hours = Self.hours(scalar.text) else {
        refuse(item)
        return []
      }
      return hours
    }
  }

  private func refuse(_ item: ConfigNode) {
    faults.add(
      item.position, "bad-hours", "active has \(item.found), which is no days and hours",
      hint: Self.example)
  }

  private static func hours(_ text: String) -> [AlertPlan.ActiveHours]? {
    let words = text.split(separator: " ")
    guard (1...2).contains(words.count) else { return nil }
    let hasDays = !words[0].contains(":")
    guard let days = hasDays ? self.days(words[0]) : Set(1...7) else { return nil }
    if hasDays && words.count == 1 { return [.init(days: days, fromMinute: 0, toMinute: 1_440)] }
    guard hasDays == (words.count == 2), let (from, to) = minutes(words[words.count - 1]) else {
      return nil
    }
    if from < to { return [.init(days: days, fromMinute: from, toMinute: to)] }
    // Over midnight: the rest is of the day after.
    let next = Set(days.map { $0 % 7 + 1 })
    let evening = AlertPlan.ActiveHours(days: days, fromMinute: from, toMinute: 1_440)
    return to == 0 ? [evening] : [evening, .init(days: next, fromMinute: 0, toMinute: to)]
  }

  /// `mon-fri`, `sat,sun`, `fri-mon`.
  private static func days(_ text: Substring) -> Set<Int>? {
    var all: Set<Int> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false)
        .map { days.firstIndex(of: $0.lowercased()) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1]
      else { return nil }
      for offset in 0...((last - first + 7) % 7) { all.insert((first + offset) % 7 + 1) }
    }
    return all
  }

  /// `09:00-18:00`.
  private static func minutes(_ text: Substring) -> (Int, Int)? {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(minute)
    guard ends.count == 2, let from = ends[0], let to = ends[1], from != to, from < 1_440 else {
      return nil
    }
    return (from, to)
  }

  private static func minute(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, (1...2).contains(parts[0].count), parts[1].count == 2,
      parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
      let hour = Int(parts[0]), let minute = Int(parts[1]), hour <= 24, minute < 60,
      hour * 60 + minute <= 1_440
    else { return nil }
    return hour * 60 + minute
  }
}
