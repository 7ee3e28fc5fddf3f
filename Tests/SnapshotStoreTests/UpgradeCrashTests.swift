import Foundation
import StreamCore
import Testing

@testable import SnapshotStore

/// A pair of files that goes on under other definitions, with a stop after any of the steps.
private struct Upgraded {
  static let zero = PartitionID(topic: "events", partition: 0)

  /// A definition whose text is `name`, with a stage of that name beside one that all have.
  static func identity(_ name: String) -> PipelineIdentity {
    PipelineIdentity(name: "shop", definition: name, tzdataVersion: "2025b", weirVersion: "1.0")
  }

  static func digests(_ name: String) -> [String: String] {
    ["metrics.all": "same", "metrics.\(name)": name]
  }

  /// Makes a pair of the definition `a` at `path`: a snapshot and its state, closed.
  static func make(_ path: String) throws {
    let results = try ResultsFile.open(path: path, identity: identity("a"))
    try results.enter(StageRegister(digests: digests("a")), document: "a")
    let state = try StateFile.open(path: StateFile.path(besides: path), identity: identity("a"))
    try state.follow(results)
    let id = try results.commit(change([metric()], next: 5), durable: true)
    var saved = StateChange(snapshotID: id, positions: [zero: 5])
    saved.upserts = (0..<60).map {
      StateRecord(
        key: StateKey(owner: "events/\($0 % 3)", stage: 1, key: [UInt8($0)]), codecVersion: 1,
        bytes: Array(repeating: UInt8(ascii: "a"), count: 2_000))
    }
    try state.save(saved, durableTo: try results.durableSnapshotID)
    try state.close()
    try results.close()
  }

  /// Opens the pair at `path` as a worker with the definition `name` does, takes it over where it
  /// has another one, calls `after` when each of the steps is done, and says what the state holds.
  @discardableResult
  static func open(
    _ path: String, as name: String, after: (_ step: Int) throws -> Void = { _ in }
  ) throws -> String {
    let reader = try ResultsReader.open(path: path)
    let manifest = try reader.manifest()
    reader.close()
    let former = try #require(manifest[Manifest.definitionDocument])
    var own = identity(name)
    own.formerDigests = [identity(former).definitionDigest]
    let results = try ResultsFile.open(path: path, identity: own)
    defer { try? results.close() }
    let state = try StateFile.open(path: StateFile.path(besides: path), identity: own)
    defer { try? state.close() }
    try state.follow(results)
    if former != name {
      var register = try #require(try results.register())
      register.stages["metrics.\(former)"] = nil
      register.add("metrics.\(name)", name, fromMs: nil)
      try after(0)
      try state.prepareUpgrade(to: register) { records in
        records.map { record in
          var record = record
          record.bytes.append(contentsOf: name.utf8)
          return record
        }
      }
      try after(1)
      try results.upgrade(
        FileUpgrade(register: register, completeFromMs: [:], ended: [], endedRules: []),
        document: name)
      try after(2)
      try state.follow(results)
      try after(3)
    }
    return try content(results, state)
  }

  /// The tail of what every record holds: the definitions that it went through.
  private static func content(_ results: ResultsFile, _ state: StateFile) throws -> String {
    let loaded = try #require(try state.load(notAheadOf: results.resume))
    #expect(loaded.positions == [zero: 5])
    var (count, texts) = (0, Set<String>())
    try loaded.forEachRecord { _, _, _, _, bytes in
      count += 1
      texts.insert(String(decoding: bytes.dropFirst(1_999), as: UTF8.self))
    }
    #expect(count == 60)
    return try #require(texts.count == 1 ? texts.first : nil, "a mix of \(texts)")
  }
}

/// Kills while files are taken over to another definition: whatever is left is old or new, never a
/// mix, and every definition can go on from it.
@Suite struct UpgradeCrashTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.file() }
  private var image: String { directory.file("image.sqlite") }

  init() throws {
    directory = try TemporaryDirectory()
    try Upgraded.make(directory.file())
  }

  /// Both files as a kill at this instant would leave them.
  private func kill(to target: String) throws {
    try copyAsKilled(path, to: target)
    try copyAsKilled(StateFile.path(besides: path), to: StateFile.path(besides: target))
  }

  @Test(arguments: 0...3, ["a", "b", "c"])
  func `Killed after any step, files go on under the old definition, the new one, or a third`(
    step: Int, next: String
  ) throws {
    try Upgraded.open(path, as: "b") { if $0 == step { try kill(to: image) } }
    let before = step < 2 ? "a" : "ab"
    let expected = before.hasSuffix(next) ? before : before + next
    #expect(try Upgraded.open(image, as: next) == expected)
    // What was begun is ended, or gone; opened again, nothing is left to do.
    #expect(try Upgraded.open(image, as: next) == expected)
    #expect(try ResultsDigest.verify(path: image).isSound)
  }

  @Test func `A log torn within any step gives files that are old or new`() throws {
    var random = Seeded("torn upgrade")
    var ends: [Int: (state: Int64, results: Int64)] = [:]
    try Upgraded.open(path, as: "b") { step in
      try kill(to: directory.file("after-\(step).sqlite"))
      let statePath = StateFile.path(besides: path)
      ends[step] = (
        FileSystem.size(of: statePath + "-wal") ?? 0, FileSystem.size(of: path + "-wal") ?? 0
      )
    }
    var seen: Set<String> = []
    for step in 1...3 {
      let after = directory.file("after-\(step).sqlite")
      let (from, to) = (try #require(ends[step - 1]), try #require(ends[step]))
      let range = step == 2 ? from.results...to.results : from.state...to.state
      try #require(range.count > 1_000, "step \(step) wrote nothing")
      for _ in 0..<8 {
        for suffix in ["", "-state"] {
          try copyAsKilled(after + suffix, to: image + suffix)
        }
        let cut = UInt64(Int64.random(in: range, using: &random))
        try truncate((step == 2 ? image : StateFile.path(besides: image)) + "-wal", to: cut)
        let next = ["a", "b", "c"].randomElement(using: &random) ?? "b"
        let found = try Upgraded.open(image, as: next)
        let wanted: Set<String> =
          switch (step, next) {
          case (1, "a"): ["a"]
          case (1, _): ["a" + next]
          case (3, "b"): ["ab"]
          case (3, _): ["ab" + next]
          case (_, "a"): ["a", "aba"]
          case (_, "b"): ["ab"]
          default: ["ac", "abc"]
          }
        #expect(wanted.contains(found), "step \(step), cut at \(cut) of \(range), as \(next)")
        seen.insert(found)
      }
    }
    #expect(seen.count > 2)
  }

  @Test
  func `State from before a stage went and came back is refused, though the text is the same`()
    throws
  {
    let kept = directory.file("kept")
    try copyAsKilled(StateFile.path(besides: path), to: kept)
    #expect(try Upgraded.open(path, as: "b") == "ab")
    #expect(try Upgraded.open(path, as: "a") == "aba")
    try copyAsKilled(kept, to: StateFile.path(besides: path))
    let error = expectError(.otherDefinition) { try Upgraded.open(path, as: "a") }
    #expect(error?.whatToDo.contains("weir restore DIR --into \(path) --replace") == true)
    #expect(error?.whatToDo.contains("weir replay PIPELINE.yaml --into") == true)
  }

  @Test func `State that is left from another definition is refused with the ways on`() throws {
    let kept = directory.file("kept")
    try copyAsKilled(StateFile.path(besides: path), to: kept)
    try Upgraded.open(path, as: "b")
    try copyAsKilled(kept, to: StateFile.path(besides: path))
    let error = expectError(.otherDefinition) { try Upgraded.open(path, as: "b") }
    #expect(error?.whatToDo.contains("weir restore DIR --into \(path) --replace") == true)
  }

  @Test func `A copy by hand that an upgrade comes between is no backup`() throws {
    let folder = directory.file("backups")
    let maker = BackupMaker(.backup, into: folder) { WallTime(ms: 0) }
    let kept = directory.file("kept")
    try copyAsKilled(StateFile.path(besides: path), to: kept)
    try Upgraded.open(path, as: "b")
    try copyAsKilled(kept, to: StateFile.path(besides: path))
    let error = expectError(.otherDefinition) { try maker.make(ofFileAt: path) }
    #expect(error?.whatToDo.contains("again") == true)
    #expect(BackupSet.all(in: folder).isEmpty)
  }

  @Test(arguments: 1...3)
  func `A copy of files that were killed in an upgrade is one to go on from`(step: Int) throws {
    try Upgraded.open(path, as: "b") { if $0 == step { try kill(to: image) } }
    let set = try BackupMaker(.backup, into: directory.file("backups")) { WallTime(ms: 0) }
      .make(ofFileAt: image)
    #expect(set.problems().isEmpty)
    let target = directory.file("restored.sqlite")
    _ = try Restoration(from: set.path, into: target).apply(now: WallTime(ms: 0))
    #expect(try Upgraded.open(target, as: "b") == "ab")
  }
}
