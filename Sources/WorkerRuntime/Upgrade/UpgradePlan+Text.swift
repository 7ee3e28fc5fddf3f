import SnapshotStore
import StreamCore

extension UpgradePlan {
  /// Files and moments that the words are about.
  public struct Setting: Sendable {
    /// The pipeline file.
    public var pipeline: String
    /// The file of results.
    public var data: String
    /// The greatest event time that was read, as far as it is known, in milliseconds.
    public var reachMs: Int64?

    /// Names files and moments.
    public init(pipeline: String, data: String, reachMs: Int64?) {
      self.pipeline = pipeline
      self.data = data
      self.reachMs = reachMs
    }
  }

  /// What becomes of stages, in a few words.
  public var summary: String {
    let kinds: [Kind] = [.added, .redefined, .removed]
    let parts = kinds.compactMap { kind -> String? in
      let names = stages(kind).map(\.stage.description)
      return names.isEmpty ? nil : "\(kind.rawValue) \(names.joined(separator: ", "))"
    }
    return (parts + ["\(stages(.unchanged).count) unchanged"]).joined(separator: "; ")
  }

  /// One line a stage: its name, what becomes of it, and more about it.
  public func rows(_ setting: Setting) -> [[String]] {
    changes.map { change in
      [change.stage.description, change.kind.rawValue, words(change, setting)]
    }
  }

  private func words(_ change: Change, _ setting: Setting) -> String {
    switch change.kind {
    case .unchanged: return "goes on"
    case .added: return "begins empty; " + beginning(change, setting)
    case .removed:
      return "its state goes at once, its rows \(Self.days(keepRemovedMs)) of event time later; "
        + "coming back it begins anew"
    case .redefined:
      let why = change.because.joined(separator: ", ")
      let accepted =
        change.isAccepted
        ? "accepted: begins anew; " + beginning(change, setting)
          + "; rows from before stay \(Self.days(keepRemovedMs)) of event time"
        : "not accepted; its digest is now \(change.digest ?? "")"
      return "\(why) changed; \(accepted)"
    }
  }

  private func beginning(_ change: Change, _ setting: Setting) -> String {
    if change.stage.kind == .alerts {
      return "judges windows that close from then on, and knows none before"
    }
    var text = "complete for windows that begin after every event read so far"
    if let ms = setting.reachMs.flatMap({ completeFromMs(change, reachMs: $0) }) {
      text += ", now from \(EventTime(ms: ms).text)"
    }
    if change.delayMs == nil {
      text += "; what users did before it does not know: they count as new"
    }
    return text
  }

  private static func days(_ ms: Int64) -> String {
    let dayMs: Int64 = 86_400_000
    return ms % dayMs == 0 ? "\(ms / dayMs)d" : "\(ms / 1_000)s"
  }

  /// The ways on from a change that is refused: exact commands and lines.
  public func waysOn(_ setting: Setting) -> [String] {
    let open = stages(.redefined).filter { !$0.isAccepted }
    var ways: [String] = []
    if !open.isEmpty, shared.isEmpty {
      let direct = open.filter { change in
        !change.because.allSatisfy { cause in
          StageName(text: cause).map { name in open.contains { $0.stage == name } } ?? false
        }
      }
      let pairs = (direct.isEmpty ? open : direct).map {
        "\($0.stage): \($0.digest ?? "")"
      }.joined(separator: ", ")
      ways.append(
        "to let it begin anew, write into \(setting.pipeline): upgrade: {accept: {\(pairs)}}")
    }
    ways.append(
      "to have all of history under the new definition: "
        + Self.fromHistory(pipeline: setting.pipeline, setting.data))
    ways.append("to change nothing: run the pipeline file as it was")
    return ways
  }

  /// The commands that compute a file anew from history and go on with that.
  static func fromHistory(pipeline: String, _ data: String) -> String {
    let new = replayed(data)
    return "weir replay \(pipeline) --into \(new) --like \(data), then stop the worker, weir adopt "
      + "\(data) --into \(new), and weir run \(pipeline) --data \(new)"
  }

  private static func replayed(_ data: String) -> String {
    data.hasSuffix(".sqlite") ? data.dropLast(7) + "-new.sqlite" : data + "-new"
  }
}
