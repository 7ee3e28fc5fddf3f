import StreamCore

/// Finds the order in which most users come through frequent events.
///
/// It looks at the first time that each user had each event. A step may follow another when most
/// users who had the later one had the earlier one before it, and fewer users had it. Of all such
/// rows of at most six steps the one in which most users follow is taken, to an event that sounds
/// like a purchase where there is one; steps that follow each other within a day count most.
struct Journey {
  /// Steps of a row at most.
  static let stepsMax = 6
  /// Share of a step's users who had the step before it earlier.
  static let followShare = 0.6

  /// Time after which a step no longer follows the one before it soon.
  static let soonMs: Int64 = 86_400_000

  let steps: [JourneyStep]

  /// How one step follows another.
  private struct Link {
    /// Share of the later step's users who had the earlier one before it.
    var share: Double
    /// Share of them who had it at most `soonMs` before.
    var soonShare: Double
    var medianMs: Int64
  }

  private struct Candidate {
    var slot: Int
    var name: String
    var users: Int64
  }

  init(names: [String], users: KeySample<[Int64]>) {
    let firsts = users.entries.sorted { $0.key < $1.key }.map(\.value)
    var counts = [Int64](repeating: 0, count: InspectionLimits.eventSlots)
    for times in firsts {
      for slot in names.indices where times[slot] != .max { counts[slot] += 1 }
    }
    let enough = max(Int64(firsts.count) / 20, 3)
    let candidates = names.indices.filter { counts[$0] >= enough }
      .map { Candidate(slot: $0, name: names[$0], users: counts[$0]) }
      .sorted { ($1.users, $0.name) < ($0.users, $1.name) }
    guard candidates.count > 1 else {
      steps = []
      return
    }
    var search = Search(candidates: candidates, firsts: firsts)
    steps = search.run(scale: users.scale)
  }

  /// The longest rows that end in each candidate, from the most frequent to the least.
  private struct Search {
    let candidates: [Candidate]
    let firsts: [[Int64]]
    /// For each candidate, the best row that ends there, and its score.
    var rows: [(row: [Int], score: Double)] = []

    init(candidates: [Candidate], firsts: [[Int64]]) {
      self.candidates = candidates
      self.firsts = firsts
    }

    mutating func run(scale: Int64) -> [JourneyStep] {
      for index in candidates.indices { rows.append(best(to: index)) }
      let ends = candidates.indices.filter { rows[$0].row.count > 1 }
      guard !ends.isEmpty else { return [] }
      let places = ends.map { RoleWords.purchasePlace(candidates[$0].name) ?? .max }
      let goal = zip(ends, places).filter { $0.1 != .max }.min { $0.1 < $1.1 }?.0
      let end = goal ?? ends.max { rows[$0].score < rows[$1].score } ?? ends[0]
      let row = rows[end].row
      return row.indices.map { place in
        let candidate = candidates[row[place]]
        guard place > 0 else {
          return JourneyStep(
            event: candidate.name, users: candidate.users * scale, afterPrevious: 1, medianMs: 0)
        }
        let link = link(row[place - 1], row[place])
        return JourneyStep(
          event: candidate.name, users: candidate.users * scale,
          afterPrevious: link.share.rounded2, medianMs: link.medianMs)
      }
    }

    private func best(to index: Int) -> (row: [Int], score: Double) {
      var best: (row: [Int], score: Double) = ([index], 0)
      for before in 0..<index {
        // A step that as many users take as the one before it says nothing.
        guard rows[before].row.count < Journey.stepsMax,
          candidates[index].users * 100 <= candidates[before].users * 97
        else { continue }
        let link = link(before, index)
        guard link.share >= Journey.followShare else { continue }
        // What follows soon belongs together; what comes weeks after another only happens to.
        let score = rows[before].score + 0.1 * link.share + link.soonShare
        if score > best.score + 1e-9 { best = (rows[before].row + [index], score) }
      }
      return best
    }

    private func link(_ before: Int, _ after: Int) -> Link {
      let (first, second) = (candidates[before].slot, candidates[after].slot)
      var delays = DelayHistogram()
      var all: Int64 = 0
      var soon: Int64 = 0
      for times in firsts where times[second] != .max {
        all += 1
        guard times[first] < times[second] else { continue }
        let delayMs = times[second] &- times[first]
        delays.add(delayMs)
        if delayMs <= Journey.soonMs { soon += 1 }
      }
      let whole = Double(max(all, 1))
      return Link(
        share: Double(delays.total) / whole, soonShare: Double(soon) / whole,
        medianMs: delays.quantile(perMille: 500))
    }
  }
}
