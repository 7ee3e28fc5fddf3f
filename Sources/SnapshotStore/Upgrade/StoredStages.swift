import Digests
import Foundation
import GRDB
import StreamCore

/// One stage as a results file knows it, under the definition that the file has.
public struct StoredStage: Sendable, Equatable, Codable {
  /// A number that no other stage of this file has or had, whatever its name.
  public var id: Int64
  /// Digest of what decides its results, in full.
  public var digest: String
  /// Rows of windows that began before are not its own, of an alert what it said of windows that
  /// ended by then; nil: all are.
  public var fromMs: Int64?

  enum CodingKeys: String, CodingKey {
    case id, digest
    case fromMs = "from_ms"
  }

  /// Makes an entry of its parts.
  public init(id: Int64, digest: String, fromMs: Int64? = nil) {
    self.id = id
    self.digest = digest
    self.fromMs = fromMs
  }
}

/// A stage that a changed file has no more, or gave another meaning: its rows stay for a while.
public struct RemovedStage: Sendable, Equatable, Codable {
  /// `KIND.NAME`.
  public var stage: String
  /// The number that it had.
  public var id: Int64
  /// Only rows of windows that began before are of it.
  public var untilMs: Int64
  /// Its rows go when the pipeline watermark has come so far.
  public var dropMs: Int64

  enum CodingKeys: String, CodingKey {
    case stage, id
    case untilMs = "until_ms"
    case dropMs = "drop_ms"
  }

  /// Makes an entry of its parts.
  public init(stage: String, id: Int64, untilMs: Int64, dropMs: Int64) {
    self.stage = stage
    self.id = id
    self.untilMs = untilMs
    self.dropMs = dropMs
  }
}

/// One change of the definition of a file that was gone on with, as `run_manifest` keeps it.
public struct StoredUpgrade: Sendable, Equatable, Codable {
  /// When, in milliseconds of wall time.
  public var wallMs: Int64
  /// The snapshot that the file had then.
  public var snapshot: Int64
  /// The version of Weir that did it.
  public var weir: String
  /// Digest of the definition before, and after.
  public var from: String
  /// Digest of the definition after.
  public var to: String
  /// Stages that began.
  public var added: [String]
  /// Stages that were given another meaning.
  public var redefined: [String]
  /// Stages that are no more.
  public var removed: [String]
  /// Rows of what began then are complete from here on, in milliseconds of event time.
  public var fromMs: Int64

  enum CodingKeys: String, CodingKey {
    case snapshot, weir, from, to, added, redefined, removed
    case wallMs = "wall_ms"
    case fromMs = "from_ms"
  }

  /// Makes an entry of its parts.
  public init(
    wallMs: Int64, snapshot: Int64, weir: String, from: String, to: String, added: [String],
    redefined: [String], removed: [String], fromMs: Int64
  ) {
    (self.wallMs, self.snapshot, self.weir, self.from, self.to) = (
      wallMs, snapshot, weir, from, to
    )
    (self.added, self.redefined, self.removed, self.fromMs) = (added, redefined, removed, fromMs)
  }
}

/// What a file is told about its stages: the definition it goes on with.
public struct StageRegister: Sendable, Equatable {
  /// Every stage of the definition, by `KIND.NAME`.
  public var stages: [String: StoredStage]
  /// Removed stages with rows that are not dropped yet.
  public var removed: [RemovedStage]
  /// The next number of a stage.
  public var nextID: Int64
  /// Changes so far, oldest first; the newest `upgradesMax` are kept.
  public var upgrades: [StoredUpgrade]

  /// Changes that a file remembers.
  public static let upgradesMax = 100

  /// The register of a new file, with stages by name and digest.
  public init(digests: [String: String]) {
    (stages, removed, nextID, upgrades) = ([:], [], 1, [])
    for (name, digest) in digests.sorted(by: { $0.key < $1.key }) { add(name, digest, fromMs: nil) }
  }

  /// Gives a stage a number that none had.
  public mutating func add(_ name: String, _ digest: String, fromMs: Int64?) {
    stages[name] = StoredStage(id: nextID, digest: digest, fromMs: fromMs)
    nextID += 1
  }

  /// The number of every stage, as a canonical text: equal where the stages are the same ones, and
  /// not only stages of the same names.
  var numbers: String {
    stages.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.id)" }.joined(separator: "\n")
  }

  /// Reads it from a file's manifest; nil when it was made before there was one, or cannot be read.
  public init?(manifest: [String: String]) {
    func read<T: Decodable>(_ key: String, _ type: T.Type) -> T? {
      manifest[key].flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
    }
    guard let stages = read(Manifest.stages, [String: StoredStage].self),
      let nextID = manifest[Manifest.nextStageID].flatMap(Int64.init)
    else { return nil }
    self.stages = stages
    self.nextID = nextID
    removed = read(Manifest.removedStages, [RemovedStage].self) ?? []
    upgrades = read(Manifest.upgrades, [StoredUpgrade].self) ?? []
  }

  /// Its entries of the manifest.
  func entries() throws -> [(key: String, value: String)] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    func text(_ value: some Encodable) throws -> String {
      String(decoding: try encoder.encode(value), as: UTF8.self)
    }
    return [
      (Manifest.stages, try text(stages)), (Manifest.nextStageID, "\(nextID)"),
      (Manifest.removedStages, try text(removed)),
      (Manifest.upgrades, try text(upgrades.suffix(Self.upgradesMax))),
    ]
  }

  /// Digest of a canonical text, as `StoredStage.digest` has it: 64 hexadecimal digits.
  public static func digest(of text: String) -> String { Hex.text(SHA256Digest.of(text.utf8)) }
}
