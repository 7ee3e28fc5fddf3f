import PipelineSpec
import SnapshotStore
import StreamCore

/// What a changed pipeline file does to a file of results that an earlier version of it made.
///
/// A pure function of the two definitions: `weir check --against` prints it, and a worker that is
/// started with the changed file does it, or refuses for the same reasons.
public struct UpgradePlan: Sendable, Equatable {
  /// What becomes of a stage.
  public enum Kind: String, Sendable, Encodable {
    /// It goes on.
    case unchanged
    /// It begins, empty.
    case added
    /// Its name means something else: it begins anew, when that is accepted.
    case redefined
    /// It is no more.
    case removed
  }

  /// What becomes of one stage.
  public struct Change: Sendable, Equatable {
    /// Which stage.
    public var stage: StageName
    /// What becomes of it.
    public var kind: Kind
    /// First digits of the digest of its new meaning, by which it is accepted; nil: it is removed.
    public var digest: String?
    /// What is different, of a redefined stage: `its own options`, or the names of what it reads.
    public var because: [String] = []
    /// Of a redefined stage, whether it may begin anew.
    public var isAccepted = false
    /// How much later than the stage itself its first complete row begins, in milliseconds; nil for
    /// one that looks back on everything and does without.
    public var delayMs: Int64? = 0
  }

  /// Every stage of either definition, in order of kind and name.
  public var changes: [Change] = []
  /// What touches every stage and is different, by its name in the file.
  public var shared: [String] = []
  /// Why it cannot be gone on with, each in a sentence without a full stop; empty: it can.
  public var refusals: [String] = []
  /// What goes on.
  public var kept = KeptStages(stages: [], hidden: [], traits: [])
  /// How long rows of removed and redefined stages stay, in milliseconds of event time.
  public var keepRemovedMs: Int64

  /// Whether nothing but texts, sinks or storage is different.
  public var isNothing: Bool { changes.allSatisfy { $0.kind == .unchanged } && shared.isEmpty }

  /// Stages that something becomes of.
  public func stages(_ kind: Kind) -> [Change] { changes.filter { $0.kind == kind } }

  /// Compares the definition that a file has with that of `new`.
  public init(from old: PipelinePlan, to new: Pipeline) {
    keepRemovedMs = new.upgrade.keepRemovedMs
    compareShared(old, new.plan)
    let before = old.stageDefinitions
    let after = new.plan.stageDefinitions
    compare(before, after, new.plan)
    accept(new.upgrade.accept, before, after)
    kept.stages = Set(stages(.unchanged).map(\.stage))
    let texts = Dictionary(uniqueKeysWithValues: before.map { ($0.stage, $0.text) })
    kept.hidden = Set(
      after.filter { $0.isHidden && texts[$0.stage] == $0.text }.map(\.stage.name))
    kept.traits = new.plan.keptTraits(of: old)
    guard refusals.isEmpty else { return }
    do {
      _ = try StateTranslator(
        from: StagePlan(old, keyed: Worker.isKeyed(old)),
        to: StagePlan(new.plan, keyed: Worker.isKeyed(new.plan)), kept: kept)
    } catch {
      refusals.append(error.what)
    }
  }

  private mutating func compareShared(_ old: PipelinePlan, _ new: PipelinePlan) {
    let (before, after) = (old.sharedDefinition, new.sharedDefinition)
    shared = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
    for part in shared {
      refusals.append(
        "`\(part)` decides the fate of every event, and with it every stage: nothing that was "
          + "computed goes on")
    }
  }

  private mutating func compare(
    _ before: [StageDefinition], _ after: [StageDefinition], _ plan: PipelinePlan
  ) {
    let lookBacks = Dictionary(uniqueKeysWithValues: plan.lookBacks.map { ($0.stage, $0.lookBack) })
    let old = Dictionary(uniqueKeysWithValues: before.map { ($0.stage, $0) })
    let new = Dictionary(uniqueKeysWithValues: after.map { ($0.stage, $0) })
    for stage in Set(old.keys).union(new.keys).sorted() {
      if (new[stage] ?? old[stage])?.isHidden ?? false { continue }
      guard let own = new[stage] else {
        changes.append(Change(stage: stage, kind: .removed))
        continue
      }
      var change = Change(stage: stage, kind: .added, digest: Self.digest(own))
      if let was = old[stage] {
        change.kind = was.text == own.text ? .unchanged : .redefined
        change.because = Self.differences(was, own)
      }
      change.delayMs =
        switch lookBacks[stage] ?? .finite(ms: 0) {
        // A rule judges what is complete, from the first window that it sees.
        case _ where stage.kind == .alerts: 0
        case .finite(let ms): ms
        case .open: nil
        }
      changes.append(change)
    }
  }

  /// What two definitions of a stage differ in.
  private static func differences(_ was: StageDefinition, _ own: StageDefinition) -> [String] {
    let reads = Set(was.reads.keys).union(own.reads.keys).filter { was.reads[$0] != own.reads[$0] }
    return (was.own == own.own ? [] : ["its own options"]) + reads.sorted()
  }

  private static func digest(_ stage: StageDefinition) -> String {
    String(StageRegister.digest(of: stage.text).prefix(12))
  }

  /// A stage that is different only in what it reads of others is accepted with those.
  private mutating func accept(
    _ accepted: [String: String], _ before: [StageDefinition], _ after: [StageDefinition]
  ) {
    var digests: [StageName: String] = [:]
    for (name, digest) in accepted.sorted(by: { $0.key < $1.key }) {
      let found = changes.filter { $0.stage.description == name || $0.stage.name == name }
      guard found.count == 1 else {
        refusals.append(
          found.isEmpty
            ? "upgrade.accept names \(name), which is no stage"
            : "upgrade.accept names \(name), which several stages are called: write KIND.NAME")
        continue
      }
      digests[found[0].stage] = digest
    }
    var known: Set<StageName> = []
    // Enough rounds for the longest chain of stages that read each other.
    for _ in changes {
      let count = known.count
      for index in changes.indices where changes[index].kind == .redefined {
        let change = changes[index]
        let others = change.because.filter { cause in
          !(StageName(text: cause).map { known.contains($0) || isBegun($0) } ?? false)
        }
        changes[index].isAccepted =
          digests[change.stage] == change.digest || (others.isEmpty && !change.because.isEmpty)
        if changes[index].isAccepted { known.insert(change.stage) }
      }
      if known.count == count { break }
    }
    for change in changes where change.kind == .redefined && !change.isAccepted {
      let why = change.because.joined(separator: ", ")
      if let wrong = digests[change.stage] {
        refusals.append(
          "\(change.stage) is accepted as \(wrong), but what the file says is "
            + "\(change.digest ?? "")")
      } else {
        refusals.append("\(change.stage) means something else than before (\(why))")
      }
    }
  }

  /// Whether a stage begins, so that those that read it begin with it.
  private func isBegun(_ stage: StageName) -> Bool {
    changes.contains { $0.stage == stage && $0.kind == .added }
  }

  /// From when on rows of a stage that begins are complete, when every event up to `reachMs` was
  /// read before it began.
  public func completeFromMs(_ change: Change, reachMs: Int64) -> Int64? {
    guard change.kind == .added || change.kind == .redefined, change.stage.kind != .alerts else {
      return nil
    }
    return reachMs + 1 + (change.delayMs ?? 0)
  }
}
