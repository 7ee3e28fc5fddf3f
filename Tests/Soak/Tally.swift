import StreamCore

/// What a soak came to, and what is wrong with it.
struct Tally {
  var plan: SoakPlan
  var sent = EventStream.Report()
  var counts = FaultCounts()
  var samples = Samples()
  var reckoning = Reckoning()
  var replaySeconds = 0.0
  var faults: [String] = []
  /// Where everything still lies, after faults.
  var folder: String?

  /// Share of the wanted rate that has to be reached.
  private static let rateShare = 0.9
  /// Growth of the memory at rest from the second quarter to the last that counts as flat.
  private static let growthShare = 0.1
  private static let growthBytes: Int64 = 16 << 20
  /// What may come to that while there is something to catch up with: 256 MiB of messages fetched
  /// ahead, each with librdkafka's notes on it, which take about as much.
  private static let burstBytes: Int64 = 512 << 20
  /// A file that is so many seconds behind the stream is that of a worker which is not: there is a
  /// snapshot each second.
  private static let restSeconds: Int64 = 3
  /// Samples of a quarter that there have to be to say anything.
  private static let samplesMin = 20
  private static let descriptorGrowth = 8
  /// Looks are twice a second.
  private static let gapSeconds = 20.0

  init(plan: SoakPlan) { self.plan = plan }

  private var seconds: Double { Double(plan.lengthMs) / 1_000 }
  private var total: Int64 { sent.counts.reduce(0, +) }
  private var isLong: Bool { plan.lengthMs >= SoakPlan.judgedFromMs }

  /// What the worker holds while it is not behind: a quarter of those samples are lower, so that
  /// what a burst left a moment ago does not count. nil when it was behind nearly all the time.
  private func bytesAtRest(_ quarter: Int) -> Int64? {
    let calm = samples.quarter(quarter, of: seconds, "steady").filter {
      $0.lag <= Self.restSeconds * Int64(plan.rate)
    }
    return calm.count >= Self.samplesMin ? calm.map(\.residentBytes).lowerQuartile : nil
  }

  private func peakBytes(_ name: String) -> Int64 {
    samples.taken[name]?.map(\.residentBytes).max() ?? 0
  }

  private func middleDescriptors(_ quarter: Int) -> Int {
    samples.quarter(quarter, of: seconds, "steady").map(\.descriptors).median ?? 0
  }

  /// Adds what the figures say is wrong.
  mutating func judge() {
    faults += reckoning.faults
    if isLong, samples.longestGap > Self.gapSeconds {
      faults.append(
        "set-up: the soak itself stood still for \(Text.seconds(samples.longestGap)): it was "
          + "stopped, or the machine is far too busy. What else was found says little")
    }
    guard faults.isEmpty, isLong else { return }
    judgeRate()
    judgeMemory()
    if middleDescriptors(4) > middleDescriptors(2) + Self.descriptorGrowth {
      faults.append(
        "file descriptors grew from \(middleDescriptors(2)) to \(middleDescriptors(4))")
    }
  }

  private mutating func judgeRate() {
    let missing = Double(plan.rate) * seconds - Double(total)
    guard missing > Double(plan.rate) * seconds * (1 - Self.rateShare) else { return }
    let rate = "\(Text.grouped(reachedRate)) events/s of \(Text.grouped(plan.rate))"
    let waited = sent.heldSeconds * Double(plan.rate)
    faults.append(
      waited > missing / 2
        ? "the workers did not keep up: \(rate) were reached, since the stream waited "
          + "\(Text.seconds(sent.heldSeconds)) for them. Was the machine busy with something else?"
        : "set-up: \(rate) were reached, because the sender itself was late, by "
          + "\(Text.grouped(sent.lateEvents)) events in the end, not for the workers: the machine "
          + "is too slow or too busy for this rate")
  }

  private mutating func judgeMemory() {
    guard let early = bytesAtRest(2), let late = bytesAtRest(4) else {
      faults.append(
        "memory could not be judged: the steady worker was always behind in the second quarter or "
          + "the last. Was the machine busy with something else?")
      return
    }
    if late > early + Int64(Double(early) * Self.growthShare) + Self.growthBytes {
      faults.append(
        "memory at rest grew from \(Text.mebibytes(early)) to \(Text.mebibytes(late)) from the "
          + "second quarter to the last")
    }
    let peak = peakBytes("steady")
    if peak > max(early, late) + Self.burstBytes {
      faults.append(
        "memory reached \(Text.mebibytes(peak)), more than \(Text.mebibytes(Self.burstBytes)) "
          + "above what the worker holds at rest")
    }
  }

  /// For people.
  var text: String {
    var lines = [
      line(
        "sent",
        "\(Text.grouped(total)) events, \(Text.grouped(reachedRate)) a second of the "
          + "\(Text.grouped(plan.rate)) wanted, \(hours) of event time, "
          + "\(plan.partitions) partitions, " + Text.mebibytes(sent.bytes))
    ]
    if sent.heldSeconds > 0 {
      lines.append(line("", "\(Text.seconds(sent.heldSeconds)) of it waiting for a worker"))
    }
    lines += faultLines + workerLines
    for file in reckoning.files {
      let fates = file.fates
      lines.append(
        line(
          file.name,
          "read \(Text.grouped(fates.read)) = rejected \(fates.rejected) + filtered "
            + "\(fates.filtered) + late \(fates.late) + duplicate \(fates.duplicate) + applied "
            + "\(Text.grouped(fates.applied))"))
    }
    for file in reckoning.files {
      lines.append(
        line("digest", "\(file.digest)  \(file.name), \(Text.grouped(file.rows)) settled rows"))
    }
    lines += faults.map { "FOUND: \($0)" }
    if let folder { lines.append("everything is still in \(folder)") }
    lines.append(
      faults.isEmpty ? "soak: nothing lost, nothing grew, all digests equal" : "soak: FAILED")
    return lines.joined(separator: "\n")
  }

  private var reachedRate: Int { Int(Double(total) / max(sent.seconds, 1)) }

  private var hours: String {
    "\(Text.tenths(Double(sent.spanMs) / 3_600_000)) hours"
  }

  private var faultLines: [String] {
    let restarts = counts.restarts
    let outages = Outage.allCases.compactMap { kind in
      counts.outages[kind].map { "\($0) × \(kind.rawValue)" }
    }
    let readers = SlowReader.allCases.compactMap { kind in
      counts.readers[kind].map { "\($0) × \(kind.rawValue)" }
    }
    return [
      line(
        "kills",
        "\(counts.kills), \(counts.killsInOutages) of them in outages; the next snapshot after "
          + "\(Text.seconds(restarts.median ?? 0)) (middle), \(Text.seconds(restarts.max() ?? 0)) "
          + "at most"),
      line(
        "outages",
        "\(outages.joined(separator: ", ")); down for "
          + "\(Text.seconds(Double(counts.longestDownMs) / 1_000)) "
          + "at most"),
      line("readers", readers.joined(separator: ", ")),
    ]
  }

  private var workerLines: [String] {
    let lag = { (name: String) -> String in
      let events = samples.greatestLag[name] ?? 0
      let seconds = Text.seconds(Double(events) / Double(plan.rate))
      return "\(Text.grouped(events)) events (\(seconds)) \(name)"
    }
    let wal = samples.greatestWal.values.max() ?? 0
    return [
      line("lag", "at most \(lag("killed")), \(lag("steady"))"),
      line(
        "memory",
        "steady: \(atRest) at rest in each quarter, at most "
          + "\(Text.mebibytes(peakBytes("steady"))); killed at most "
          + Text.mebibytes(peakBytes("killed")) + (isLong ? "" : " (too short to be judged)")),
      line(
        "descriptors",
        "steady: \((1...4).map { String(middleDescriptors($0)) }.joined(separator: ", ")) in each "
          + "quarter"),
      line("WAL", "at most \(Text.mebibytes(wal))"),
      line("replay", "of the log that was sent: \(Text.seconds(replaySeconds))"),
    ]
  }

  private var atRest: String {
    (1...4).map { bytesAtRest($0).map(Text.mebibytes) ?? "never" }.joined(separator: ", ")
  }

  private func line(_ name: String, _ text: String) -> String {
    name + String(repeating: " ", count: max(1, 13 - name.count)) + text
  }
}
