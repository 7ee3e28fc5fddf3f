import Foundation
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

/// Keeps everybody else from writing to a file, through SQLite's own program.
private final class WriteLock {
  private let process = Process()
  private let input = Pipe()

  /// Returns when the lock is held.
  init(on path: String) throws {
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["sqlite3", "-bail", path]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    try input.fileHandleForWriting.write(
      contentsOf: Data(".timeout \(Patience.ms)\nBEGIN IMMEDIATE;\nSELECT 'held';\n".utf8))
    let said = output.fileHandleForReading.availableData
    try #require(String(decoding: said, as: UTF8.self).hasPrefix("held"))
  }

  /// Lets others write.
  func release() {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  deinit { release() }
}

/// The real program is killed between the steps of an upgrade.
@Suite(.serialized) struct UpgradeKillTests {
  /// Moments of an upgrade: the state is not prepared, it is, the results have followed.
  private enum Moment: CaseIterable { case before, prepared, followed }

  private static let texts: [String: String] = {
    let metrics = [
      "a": "cities: {distinct: properties.city, every: 10m}",
      "b": "greatest: {max: properties.total, every: 10m}",
      "c": "cities: {distinct: properties.city, every: 5m}",
    ]
    return metrics.mapValues { own in
      """
      name: kill-upgrade
      zone: UTC
      source:
        kafka: {brokers: "${WEIR_BROKERS:-none}", topic: "${WEIR_TOPIC:-none}"}
        format: custom
        fields: {name: event, user: user_id, time: timestamp, id: message_id}
      time: {lateness: 1m, idle_after: 1h}
      metrics:
        events: {count: true, every: 5m, by: [channel]}
        \(own)
      funnels:
        checkout: {steps: [product_view, add_to_cart, purchase], within: 20m, entered: 1h}
      retention:
        all: {unit: day, periods: 2, mode: recurring}
      """
    }
  }()

  /// The file `name`, with what it redefines accepted.
  private func text(_ name: String, _ rig: UpgradeRig, _ data: String) async throws -> String {
    let text = try #require(Self.texts[name])
    let redefined = try await rig.check(text, data).json.stages.filter { $0.change == "redefined" }
    let entries = redefined.map { "\($0.stage): \($0.digest ?? "")" }.joined(separator: ", ")
    return text + "\nupgrade: {accept: {\(entries)}}\n"
  }

  private func copy(_ rig: UpgradeRig, _ from: String, to: String) throws {
    for suffix in ["", "-wal", "-state", "-state-wal"] {
      let (source, target) = (rig.folder.file(from) + suffix, rig.folder.file(to) + suffix)
      try? FileManager.default.removeItem(atPath: target)
      if FileManager.default.fileExists(atPath: source) {
        try FileManager.default.copyItem(atPath: source, toPath: target)
      }
    }
  }

  /// Kills a worker that takes `data` over to `text` at a moment. False: it came to its end before,
  /// which a machine that is very busy can make of it.
  private func kill(
    _ rig: UpgradeRig, _ text: String, _ data: String, at moment: Moment
  ) async throws -> Bool {
    let path = rig.folder.file(data)
    let statePath = path + "-state"
    func manifest(_ key: String) throws -> String? {
      let reader = try ResultsReader.open(path: path)
      defer { reader.close() }
      return try reader.manifest()[key]
    }
    let (opened, digest) = (try manifest("opened_wall_ms"), try manifest("definition_digest"))
    var locks = [try WriteLock(on: statePath)]
    defer { locks.forEach { $0.release() } }
    let process = try rig.start(text, data)
    defer { process.send(SIGKILL) }
    /// Waits while the worker waits for a lock.
    func wait(_ isTrue: () throws -> Bool) async throws -> Bool {
      while try !isTrue() {
        if await process.ended(withinMs: 5) != nil { return false }
      }
      return true
    }
    guard try await wait({ try manifest("opened_wall_ms") != opened }) else { return false }
    if moment != .before {
      let results = try WriteLock(on: path)
      locks.removeLast().release()
      locks.append(results)
      let isPrepared = {
        try !SettledRows.query(statePath, "SELECT id FROM next_identity").isEmpty
      }
      guard try await wait(isPrepared) else { return false }
    }
    if moment == .followed {
      let state = try WriteLock(on: statePath)
      locks.removeLast().release()
      locks.append(state)
      guard try await wait({ try manifest("definition_digest") != digest }) else { return false }
    }
    process.send(SIGKILL)
    return try await process.mustEnd() == -SIGKILL
  }

  @Test func `Killed between the steps of an upgrade, any file goes on from it`() async throws {
    let rig = try UpgradeRig(seed: 91, events: 2_000)
    try rig.produce(0..<0.5)
    let base = try await rig.run(try #require(Self.texts["a"]), "base.sqlite")
    try #require(base.code == 0, "\(base)")
    try copy(rig, "base.sqlite", to: "upgraded.sqlite")
    let second = try await text("b", rig, "base.sqlite")
    let upgraded = try await rig.run(second, "upgraded.sqlite")
    try #require(upgraded.code == 0, "\(upgraded)")
    for moment in Moment.allCases {
      var isKilled = false
      let deadline = ContinuousClock.now + Patience.duration
      while !isKilled, ContinuousClock.now < deadline {
        try copy(rig, "base.sqlite", to: "\(moment).sqlite")
        isKilled = try await kill(rig, second, "\(moment).sqlite", at: moment)
      }
      try #require(isKilled, "it was never killed \(moment)")
      let next = try SettledRows.query(
        rig.folder.file("\(moment).sqlite-state"), "SELECT id FROM next_identity")
      #expect(next.isEmpty == (moment == .before))
    }
    try rig.produce(0.5..<1)

    /// The digest of what `data` comes to under the file `name`.
    func ending(_ data: String, _ name: String) async throws -> String? {
      let own = "\(name)-of-\(data)"
      try copy(rig, data, to: own)
      let outcome = try await rig.run(try await text(name, rig, own), own, closing: true)
      #expect(outcome.code == 0, "\(outcome)")
      let verified = try ResultsDigest.verify(path: rig.folder.file(own))
      #expect(verified.isSound)
      let left = try SettledRows.query(
        rig.folder.file(own + "-state"), "SELECT count(*) FROM next_records")
      #expect(left == ["0"])
      return verified.stored
    }
    for name in ["a", "b", "c"] {
      let asOld = try await ending("base.sqlite", name)
      let asNew = try await ending("upgraded.sqlite", name)
      #expect(try await ending("before.sqlite", name) == asOld)
      #expect(try await ending("prepared.sqlite", name) == asOld)
      #expect(try await ending("followed.sqlite", name) == asNew)
      if name == "a" { #expect(asOld != asNew) }
    }
  }
}
