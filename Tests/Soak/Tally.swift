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
  /// Growth of the middle memory from the second quarter to the last that counts as flat.
  private static let growthShare = 0.1
  private static let growthBytes: Int64 = 16 << 20
  private static let descriptorGrowth = 8

  init(plan: SoakPlan) { self.plan = plan }

  private var seconds: Double { Double(plan.lengthMs) / 1_000 }
  private var total: Int64 { sent.counts.reduce(0, +) }
  private var isLong: Bool { plan.lengthMs >= SoakPlan.judgedFromMs }

  private func middleBytes(_ quarter: Int) -> Int64 {
    samples.quarter(quarter, of: seconds, "steady").map(\.residentBytes).median ?? 0
  }

  private func middleDescriptors(_ quarter: Int) -> Int {
    samples.quarter(quarter, of: seconds, "steady").map(\.descriptors).median ?? 0
  }

  /// Adds what the figures say is wrong.
  mutating func judge() {
    faults += reckoning.faults
    guard faults.isEmpty, isLong else { return }
    if Double(total) < Double(plan.rate) * seconds * Self.rateShare {
      faults.append(
        "set-up: \(Text.grouped(total)) events in \(Text.seconds(sent.seconds)) are fewer than "
          + "\(Text.grouped(plan.rate)) a second, \(Text.seconds(sent.heldSeconds)) of it waiting "
          + "for workers: the machine is too slow or too busy")
    }
    let (early, late) = (middleBytes(2), middleBytes(4))
    if late > early + Int64(Double(early) * Self.growthShare) + Self.growthBytes {
      faults.append(
        "memory grew from \(Text.mebibytes(early)) to \(Text.mebibytes(late)) from the second "
          + "quarter to the last")
    }
    if middleDescriptors(4) > middleDescriptors(2) + Self.descriptorGrowth {
      faults.append(
        "file descriptors grew from \(middleDescriptors(2)) to \(middleDescriptors(4))")
    }
  }

  /// For people.
  var text: String {
    var lines = [
      line(
        "sent",
        "\(Text.grouped(total)) events, \(Text.grouped(Int(Double(total) / max(sent.seconds, 1))))"
          + "/s, \(days) of event time, \(plan.partitions) partitions, "
          + Text.mebibytes(sent.bytes))
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

  private var days: String {
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
    let peak = { (name: String) in
      Text.mebibytes(samples.taken[name]?.map(\.residentBytes).max() ?? 0)
    }
    let wal = samples.greatestWal.values.max() ?? 0
    return [
      line("lag", "at most \(lag("killed")), \(lag("steady"))"),
      line(
        "memory",
        "steady: \(Text.mebibytes(middleBytes(1))), \(Text.mebibytes(middleBytes(2))), "
          + "\(Text.mebibytes(middleBytes(3))), \(Text.mebibytes(middleBytes(4))) in the middle of "
          + "each quarter, \(perMinute) after the first; at most \(peak("steady")), killed "
          + "\(peak("killed"))" + (isLong ? "" : " (too short to be judged)")),
      line(
        "descriptors",
        "steady: \((1...4).map { String(middleDescriptors($0)) }.joined(separator: ", ")) in each "
          + "quarter"),
      line("WAL", "at most \(Text.mebibytes(wal))"),
      line("replay", "of the log that was sent: \(Text.seconds(replaySeconds))"),
    ]
  }

  private var perMinute: String {
    let bytes = samples.bytesPerMinute("steady", of: seconds)
    return "\(bytes < 0 ? "−" : "+")\(Text.tenths(abs(bytes) / 1_048_576)) MiB a minute"
  }

  private func line(_ name: String, _ text: String) -> String {
    name + String(repeating: " ", count: max(1, 13 - name.count)) + text
  }
}
