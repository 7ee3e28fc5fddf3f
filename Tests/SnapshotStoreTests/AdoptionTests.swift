import Foundation
import GRDB
import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct AdoptionTests {
  private let replayKeys = [
    ManifestKey.replayFrom: "the beginning", ManifestKey.replayTo: "the end",
    ManifestKey.start(of: PartitionID(topic: "events", partition: 0)): "0",
    ManifestKey.completeFrom("metrics.revenue"): "5",
  ]

  private func row(
    _ value: Double, effective: Int64, by: String = "ann", origin: ThresholdRow.Origin = .person,
    rule: String = "trouble", name: String = "above", set: Int64 = 1
  ) -> ThresholdRow {
    ThresholdRow(
      rule: rule, name: name, value: value, effective: EventTime(ms: effective),
      set: WallTime(ms: set), origin: origin, setBy: by, reason: "r")
  }

  /// A file that has read up to offset 9 at clock 500.
  private func make(
    _ path: String, identity: PipelineIdentity = shop, next: Int64 = 9, clock: Int64 = 500,
    _ fill: (inout SnapshotChange) -> Void
  ) throws {
    let file = try ResultsFile.open(path: path, identity: identity)
    _ = try file.commit(
      change(rows { $0.metrics = [metric()] }, next: next) {
        $0.partitions = [partition(0, next: next, clock: clock)]
        $0.rules = shopRules
        fill(&$0)
      }, durable: true)
    try file.close()
  }

  private func change(
    _ rows: ResultRows, next: Int64, _ fill: (inout SnapshotChange) -> Void
  ) -> SnapshotChange {
    SnapshotStoreTests.change(alerts: rows, next: next, clock: 500, fill)
  }

  private func adoption(
    _ directory: TemporaryDirectory, live: String? = "live", acceptsPartial: Bool = true
  ) -> Adoption {
    var adoption = Adoption(
      new: directory.file("new.sqlite"), inPlaceOf: live.map { directory.file($0 + ".sqlite") },
      by: "ann")
    adoption.acceptsPartial = acceptsPartial
    return adoption
  }

  private func adopt(_ adoption: Adoption) throws -> Adoption.Report {
    switch try adoption.apply(now: WallTime(ms: 7)).get() {
    case .adopted(let report): return report
    case .inService(let service):
      Issue.record("in service: \(service)")
      return Adoption.Report()
    }
  }

  @Test func `Every message has the fate that it had, and nobody is told twice or missed`() throws {
    let directory = try TemporaryDirectory()
    let live = directory.file("live.sqlite")
    try make(live) {
      $0.messages = [
        message("told"), message("lost"), message("silent", .suppressedSilenced),
        message("b-resolved", about: "b", event: "resolved"), message("only-live", about: "c"),
        message("c-resolved", about: "c", event: "resolved"), message("old", .suppressedReplay),
        message("only-told", about: "d"),
      ]
      var health = message("health", about: "h")
      health.decided = nil
      $0.messages.append(health)
    }
    let file = try ResultsFile.open(path: live, identity: shop)
    try file.noteDelivery([
      DeliveryNote(messageID: "told", outcome: .delivered(WallTime(ms: 44))),
      DeliveryNote(messageID: "only-told", outcome: .delivered(WallTime(ms: 45))),
      DeliveryNote(messageID: "lost", outcome: .dead(error: "HTTP 400")),
      DeliveryNote(
        messageID: "b-resolved", outcome: .retry(at: WallTime(ms: 90), error: "HTTP 500")),
    ])
    try file.close()
    let before = try contents(of: live)
    try make(directory.file("new.sqlite")) {
      // The end is decided before the beginning's row is carried over.
      $0.messages = [
        message("c-resolved", about: "c", event: "resolved", .suppressedReplay),
        message("told", .suppressedReplay), message("lost", .suppressedReplay),
        message("silent", .suppressedReplay), message("only-new", about: "e", .suppressedReplay),
        message("b-resolved", about: "b", event: "resolved", .suppressedReplay),
      ]
      $0.manifest = replayKeys
    }
    let digest = try ResultsDigest.verify(path: directory.file("new.sqlite")).stored
    let report = try adopt(adoption(directory))
    #expect(
      report.messages == [
        .delivered: 2, .dead: 1, .suppressedSilenced: 1, .pending: 3, .suppressedReplay: 1,
      ])
    #expect(try contents(of: live) == before)
    let verified = try ResultsDigest.verify(path: directory.file("new.sqlite"))
    #expect(verified.isSound && verified.stored == digest)

    let reader = try ResultsReader.open(path: directory.file("new.sqlite"))
    defer { reader.close() }
    let rows = try reader.outbox()
    let states = Dictionary(
      uniqueKeysWithValues: rows.map { ($0.message.messageID, $0.message.state) })
    #expect(
      states == [
        "told": .delivered, "only-told": .delivered, "lost": .dead, "silent": .suppressedSilenced,
        "b-resolved": .pending, "only-live": .pending, "c-resolved": .pending,
        "old": .suppressedReplay, "only-new": .suppressedReplay,
      ])
    let told = rows.first { $0.message.messageID == "told" }
    #expect(told?.deliveredWall == WallTime(ms: 44) && told?.attempts == 1)
    let next = try ResultsFile.open(path: directory.file("new.sqlite"), identity: shop)
    let due = { try next.pendingMessages(sink: "ops", dueBy: WallTime(ms: $0), limit: 9) }
    // The beginning of c goes before its end; b waits as long as it had to.
    #expect(try due(50).map(\.message.messageID) == ["only-live"])
    #expect(try due(90).map(\.message.messageID) == ["b-resolved", "only-live"])
    // Deciding again what was decided changes nothing.
    _ = try next.commit(
      change(ResultRows(), next: 9) { $0.messages = [message("told"), message("only-new")] },
      durable: true)
    #expect(try due(90).map(\.message.messageID) == ["b-resolved", "only-live"])
    try next.close()
  }

  @Test func `What people did is carried over once, what the pipeline file says is not`() throws {
    let directory = try TemporaryDirectory()
    let live = directory.file("live.sqlite")
    let known = row(0.3, effective: 100)
    let fileRow = row(0.2, effective: 0, by: "file", origin: .file)
    let gone = row(9, effective: 10, rule: "gone", name: "below")
    let goneFile = row(8, effective: 0, by: "file", origin: .file, rule: "gone", name: "below")
    let later = [row(0.4, effective: 500), row(0.2, effective: 600, by: "bob", origin: .reset)]
    try make(live) {
      $0.thresholds = [fileRow, goneFile, known, gone] + later
      $0.rows.alerts = [
        alert("a1"), alert("a2"), alert("h1", rule: "health.lag", kind: .health),
        alert("a3", .resolved),
      ]
    }
    let desk = try PeopleDesk.open(path: live)
    for id in ["a1", "h1"] {
      if id == "a1" {
        _ = try desk.acknowledge(id, by: "ann", note: "on it", now: WallTime(ms: 3)).get()
      }
    }
    let silence = Silence(
      rule: "trouble", dimensions: #"{"platform":"ios"}"#, from: WallTime(ms: 1), until: nil,
      created: WallTime(ms: 1), createdBy: "ann")
    _ = try desk.silence(silence).get()
    _ = try desk.endSilence(1, now: WallTime(ms: 5)).get()
    _ = try desk.silence(silence).get()
    desk.close()
    try execute(
      """
      INSERT INTO threshold_requests (rule, name, dimensions, value, from_ms, requested_wall_ms,
        requested_by, reason, state, answer)
      VALUES ('trouble', 'above', '{}', 0.5, NULL, 4, 'eve', 'r', 'waiting', NULL),
        ('trouble', 'above', '{}', 0.6, NULL, 3, 'eve', 'r', 'taken', 'yes');
      INSERT INTO acknowledgements VALUES ('h1', 1, 'ann', '')
      """, on: live)
    let otherFile = row(0.25, effective: 0, by: "file", origin: .file, set: 9)
    try make(directory.file("new.sqlite")) {
      $0.thresholds = [otherFile, known]
      $0.rows.alerts = [alert("a1")]
      $0.manifest = replayKeys
    }
    let report = try adopt(adoption(directory))
    #expect(report.thresholds == 4 && report.requests == 1)
    #expect(report.acknowledgements == 1 && report.silences == 2)
    #expect(report.goneRules == ["gone"] && report.untoldEnds == 1)
    let reader = try ResultsReader.open(path: directory.file("new.sqlite"))
    defer { reader.close() }
    #expect(try reader.thresholdHistory() == [otherFile, known, goneFile, gone] + later)
    #expect(try reader.thresholdRequests().map(\.requestedBy) == ["eve"])
    let silences = try reader.silences()
    #expect(silences.map(\.ended) == [WallTime(ms: 5), nil])
    #expect(silences.allSatisfy { $0.dimensions == #"{"platform":"ios"}"# })
    let seen = try reader.alerts().map { $0.acknowledgements.map(\.note) }
    #expect(seen == [["on it"]])
    let manifest = try reader.manifest()
    #expect(manifest.keys.filter { $0.hasPrefix(ManifestKey.replayPrefix) }.isEmpty)
    #expect(manifest[ManifestKey.completeFrom("metrics.revenue")] == "5")
    #expect(manifest["start.events/0"] == "0")
    #expect(manifest[ManifestKey.adoptedFrom] == live && manifest[ManifestKey.adoptedBy] == "ann")
    #expect(manifest[ManifestKey.adoptedWallMs] == "7")
    // Said again it changes nothing.
    let before = try contents(of: directory.file("new.sqlite"))
    let again = try adoption(directory).apply(now: WallTime(ms: 99)).get()
    #expect(again == .inService(.init(from: live, adopted: WallTime(ms: 7), by: "ann")))
    #expect(try contents(of: directory.file("new.sqlite")) == before)
  }

  @Test func `Without the other file only the marks of the replay are taken off`() throws {
    let directory = try TemporaryDirectory()
    let new = directory.file("new.sqlite")
    try make(new) {
      $0.manifest = replayKeys
      $0.messages = [message("m", .suppressedReplay)]
    }
    let tables = ["outbox", "thresholds", "metrics"]
    let before = try contents(of: new, tables: tables)
    #expect(try adopt(adoption(directory, live: nil)) == Adoption.Report())
    #expect(try contents(of: new, tables: tables) == before)
    #expect(try LiveLog.read(path: new).manifest[ManifestKey.adoptedFrom] == "")
    #expect(try !LiveLog.read(path: new).isReplay)
  }

  @Test func `Of what fires still and nobody was told of, the worker tells`() throws {
    let directory = try TemporaryDirectory()
    let new = directory.file("new.sqlite")
    try make(new) {
      $0.manifest = replayKeys
      $0.rows.alerts = [alert("fires"), alert("over", .resolved)]
      $0.messages = [
        message("m1", about: "fires", .suppressedReplay),
        message("m2", about: "over", .suppressedReplay),
      ]
    }
    _ = try adopt(adoption(directory, live: nil))
    let reader = try ResultsReader.open(path: new)
    defer { reader.close() }
    let states = try reader.outbox().map { ($0.message.messageID, $0.message.state) }
    let known = Dictionary(uniqueKeysWithValues: states)
    #expect(known == ["m1": .suppressedStale, "m2": .suppressedReplay])
  }

  @Test func `What may not be taken into service is refused with the way on`() throws {
    let directory = try TemporaryDirectory()
    func refusal(
      live: (inout SnapshotChange) -> Void = { _ in }, new: (inout SnapshotChange) -> Void,
      identity: PipelineIdentity = shop, _ adoption: Adoption? = nil
    ) throws -> String {
      for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
        try FileManager.default.removeItem(atPath: directory.file(name))
      }
      try make(directory.file("live.sqlite"), live)
      try make(directory.file("new.sqlite"), identity: identity) {
        $0.manifest = replayKeys
        new(&$0)
      }
      let before = try contents(of: directory.file("new.sqlite"))
      let outcome = try (adoption ?? self.adoption(directory)).apply(now: WallTime(ms: 7))
      guard case .failure(let refusal) = outcome else { return "\(outcome)" }
      #expect(try contents(of: directory.file("new.sqlite")) == before)
      return refusal.description
    }
    let missing = try refusal(
      live: {
        $0.partitions = [partition(0, next: 12, clock: 500), partition(1, next: 3, clock: 5)]
      }, new: { _ in })
    #expect(missing.contains("of events/0 it has read up to offset 9, "))
    #expect(missing.contains("live.sqlite up to 12; of events/1 it has read up to offset 0, "))
    #expect(missing.contains("--like \(directory.file("live.sqlite"))` goes on"))
    let partial = try refusal(new: { _ in }, adoption(directory, acceptsPartial: false))
    #expect(partial.contains("complete only later: metrics.revenue. Replay with --like"))
    let equal = try refusal(
      live: { $0.manifest = [ManifestKey.completeFrom("metrics.revenue"): "5"] }, new: { _ in },
      adoption(directory, acceptsPartial: false))
    #expect(equal.contains("adopted"))
    let cut = try refusal(
      new: {
        $0.manifest = [
          ManifestKey.replayKnownFromMs: "7",
          ManifestKey.start(of: PartitionID(topic: "events", partition: 0)): "3",
        ]
      },
      adoption(directory, acceptsPartial: false))
    #expect(cut.contains("all, from 1970-01-01T00:00:00.007Z on"))
    let bounded = try refusal(new: { $0.manifest[ManifestKey.replayBounded] = "true" })
    #expect(bounded.contains("ends before the log does, at the end"))
    #expect(try refusal(new: { $0.manifest = [:] }).contains("was not made by a replay"))
    let missed = try refusal(
      live: { $0.thresholds = [row(0.3, effective: 499), row(0.4, effective: 500)] },
      new: { _ in })
    #expect(missed.contains("trouble.above from 1970-01-01T00:00:00.499Z on by ann. Replay"))
    let growth = PipelineIdentity(
      name: "growth", definition: "x", tzdataVersion: "1", weirVersion: "1")
    #expect(try refusal(new: { _ in }, identity: growth).contains("of the pipeline 'growth'"))
    let both = Adoption(
      new: directory.file("new.sqlite"), inPlaceOf: directory.file("new.sqlite"), by: "ann")
    #expect(try refusal(new: { _ in }, both).contains("both are"))
    let nobody = Adoption(new: directory.file("new.sqlite"), inPlaceOf: nil, by: "")
    #expect(try refusal(new: { _ in }, nobody).contains("the name of who adopts is missing"))
    #expect(
      try refusal(live: { $0.manifest = replayKeys }, new: { _ in })
        .contains("is in no service itself"))
    // Another definition is what it is for; a rule that is gone judges nothing.
    let changed = PipelineIdentity(
      name: "shop", definition: "else", tzdataVersion: "1", weirVersion: "1")
    #expect(try refusal(new: { _ in }, identity: changed).contains("adopted"))
    let gone = try refusal(
      live: { $0.thresholds = [row(3, effective: 1, rule: "gone")] }, new: { _ in })
    #expect(gone.contains("adopted"))
  }

  @Test func `Files that a process holds are refused, naming it`() throws {
    let directory = try TemporaryDirectory()
    for name in ["live.sqlite", "new.sqlite"] {
      try make(directory.file(name)) { $0.manifest = name == "new.sqlite" ? replayKeys : [:] }
    }
    for name in ["live.sqlite", "new.sqlite"] {
      let held = try ResultsFile.open(path: directory.file(name), identity: shop)
      let error = expectError(.locked) { try adoption(directory).apply(now: WallTime(ms: 7)) }
      #expect(error?.path == directory.file(name))
      #expect(error?.what.contains("process \(getpid()) ") == true)
      try held.close()
    }
    _ = try adopt(adoption(directory))
    // Both are free again.
    for name in ["live.sqlite", "new.sqlite"] {
      try ResultsFile.open(path: directory.file(name), identity: shop).close()
    }
  }

  @Test func `A kill in the middle leaves a replay that can be adopted again`() throws {
    var random = Seeded("killed adoption")
    let directory = try TemporaryDirectory()
    try make(directory.file("live.sqlite")) {
      $0.messages = (0..<200).map { message("m\($0)", about: "a\($0)") }
    }
    let (path, image) = (directory.file("new.sqlite"), directory.file("image.sqlite"))
    var options = StoreOptions()
    options.walAutocheckpointPages = 0
    let file = try ResultsFile.open(path: path, identity: shop, options: options)
    _ = try file.commit(
      change(ResultRows(), next: 9) {
        $0.manifest = replayKeys
        $0.messages = (0..<200).map { message("m\($0)", about: "a\($0)", .suppressedReplay) }
      }, durable: true)
    let start = try #require(FileSystem.size(of: path + "-wal"))
    let report = try file.adopt(adoption(directory), now: WallTime(ms: 7))
    let end = try #require(FileSystem.size(of: path + "-wal"))
    for cut in (0..<12).map({ _ in Int64.random(in: start..<end, using: &random) }) + [end] {
      try copyAsKilled(path, to: image)
      try truncate(image + "-wal", to: UInt64(cut))
      let log = try LiveLog.read(path: image)
      #expect(log.isReplay == (cut < end))
      let reader = try ResultsReader.open(path: image)
      let states = Set(try reader.outbox().map(\.message.state))
      reader.close()
      #expect(states == [cut < end ? .suppressedReplay : .pending])
      guard cut < end else { continue }
      var again = adoption(directory)
      again.new = image
      #expect(try adopt(again) == report)
    }
    try file.close()
  }
}
