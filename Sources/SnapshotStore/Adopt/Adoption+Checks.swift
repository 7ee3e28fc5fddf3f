import StreamCore

extension LiveLog {
  /// Whether a replay made the file and nobody took it into service since.
  public var isReplay: Bool {
    manifest.keys.contains { $0.hasPrefix(ManifestKey.replayPrefix) }
  }
}

extension Adoption {
  /// Why the file may not be taken into service as things stand; nil: it may.
  func refusal(_ target: LiveLog) throws(StoreError) -> Refusal? {
    if let refusal = alone(target) { return refusal }
    guard let live else { return nil }
    let source = try LiveLog.read(path: live)
    if let refusal = pair(target, source) ?? behind(target, source) ?? partial(target, source) {
      return refusal
    }
    return try otherwiseJudged(target, source)
  }

  private func alone(_ target: LiveLog) -> Refusal? {
    do throws(Refusal) {
      try ThresholdDesk.check(by, is: "the name of who adopts", option: "--by")
    } catch {
      return error
    }
    guard target.isReplay else {
      return Refusal(
        "\(new) was not made by a replay",
        whatToDo: "Name the file of `weir replay PIPELINE.yaml --into FILE` with --into, and the "
          + "worker's own before it")
    }
    guard target.manifest[ManifestKey.replayBounded] != "true" else {
      return Refusal(
        "the replay into \(new) ends before the log does"
          + (target.manifest[ManifestKey.replayTo].map { ", at \($0)" } ?? ""),
        whatToDo: "Make one that goes on to the log's end: `weir replay PIPELINE.yaml --into "
          + "OTHER.sqlite` without --to")
    }
    return nil
  }

  private func pair(_ target: LiveLog, _ source: LiveLog) -> Refusal? {
    guard FileSystem.resolved(new) != FileSystem.resolved(source.path) else {
      return Refusal("both are \(new)", whatToDo: "Name the file that the replay made with --into")
    }
    guard source.pipeline == target.pipeline else {
      return Refusal(
        "\(new) is of the pipeline '\(target.pipeline)', \(source.path) of '\(source.pipeline)'",
        whatToDo: "Name the file of a replay of '\(source.pipeline)'")
    }
    guard !source.isReplay else {
      return Refusal(
        "\(source.path) was made by a replay and is in no service itself",
        whatToDo: "Name the file that the worker wrote, or none where it is lost")
    }
    return nil
  }

  private func behind(_ target: LiveLog, _ source: LiveLog) -> Refusal? {
    let read = target.positions
    let behind = source.partitions.filter { $0.nextOffset > read[$0.id] ?? 0 }
    guard !behind.isEmpty else { return nil }
    let shown = behind.prefix(8).map {
      "of \($0.id) it has read up to offset \(read[$0.id] ?? 0), \(source.path) up to "
        + "\($0.nextOffset)"
    }
    let more = behind.count > shown.count ? "; and \(behind.count - shown.count) more" : ""
    return Refusal(
      "\(new) has not caught up: \(shown.joined(separator: "; "))\(more)",
      whatToDo:
        "`weir replay PIPELINE.yaml --into \(new) --like \(source.path)` goes on from where "
        + "it is")
  }

  /// Stages of which the past would be lost.
  private func partial(_ target: LiveLog, _ source: LiveLog) -> Refusal? {
    if acceptsPartial { return nil }
    var late = target.manifest.keys.filter { key in
      guard key.hasPrefix(ManifestKey.completeFromPrefix) else { return false }
      let from = { (log: LiveLog) in log.manifest[key].flatMap(Int64.init) ?? Int64.min }
      return from(target) > from(source)
    }.map { String($0.dropFirst(ManifestKey.completeFromPrefix.count)) }.sorted()
    let known = target.manifest[ManifestKey.replayKnownFromMs].flatMap(Int64.init)
    if late.isEmpty, let known, target.starts != source.starts {
      late = ["all, from \(EventTime(ms: known).text) on"]
    }
    guard !late.isEmpty else { return nil }
    let more = late.count > 8 ? ", and \(late.count - 8) more" : ""
    return Refusal(
      "\(new) lacks a part of the past that \(source.path) has; complete only later: "
        + "\(late.prefix(8).joined(separator: ", "))\(more)",
      whatToDo: "Replay with --like \(source.path), or from a backup; where the log no longer goes "
        + "back that far, --accept-partial takes it all the same: keep \(source.path) for the past")
  }

  /// A person's threshold that the replay should have judged by.
  private func otherwiseJudged(
    _ target: LiveLog, _ source: LiveLog
  ) throws(StoreError) -> Refusal? {
    guard let clock = target.greatestClock else { return nil }
    let rules = try rules()
    let missed = source.thresholds.filter { row in
      row.origin != .file && row.effective < clock && !target.thresholds.contains(row)
        && rules.contains { $0.has(row) }
    }
    guard !missed.isEmpty else { return nil }
    let shown = missed.prefix(8).map { row in
      "\(row.rule).\(row.name) from \(row.effective.text) on by \(row.setBy)"
    }
    let more = missed.count > shown.count ? ", and \(missed.count - shown.count) more" : ""
    return Refusal(
      "the alerts of \(new) were judged without thresholds that people had set: "
        + "\(shown.joined(separator: ", "))\(more)",
      whatToDo: "Replay with them: `weir replay PIPELINE.yaml --into OTHER.sqlite --like "
        + "\(source.path)`")
  }

  /// The rules of the file that is to be adopted.
  private func rules() throws(StoreError) -> [RuleRow] {
    let reader = try ResultsReader.open(path: new)
    defer { reader.close() }
    return try reader.rules()
  }
}

extension RuleRow {
  /// Whether it has the threshold that `row` gives a value.
  func has(_ row: ThresholdRow) -> Bool {
    rule == row.rule && thresholds.contains { $0.name == row.name }
  }
}
