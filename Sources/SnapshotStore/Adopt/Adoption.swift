import GRDB
import StreamCore

/// Takes a file that a replay made into service in place of a worker's file.
///
/// The replay has computed the results; what people did and were told it cannot know. That is
/// carried over: values of thresholds and requests for them that wait, acknowledgements, verdicts,
/// silences, and what became of every message, so that nobody is missed and nobody is told twice.
/// The worker's own file is only read.
public struct Adoption: Sendable {
  /// Path of the file that the replay made.
  public var new: String
  /// Path of the file that was in service; nil when it is lost.
  public var live: String?
  /// Who wants it.
  public var by: String
  /// Whether the file may be complete from a later time on than the other one.
  public var acceptsPartial = false

  /// Names what is to be adopted, in place of what, and for whom.
  public init(new: String, inPlaceOf live: String?, by: String) {
    self.new = new
    self.live = live
    self.by = by
  }

  /// What adopting came to.
  public enum Outcome: Sendable, Equatable {
    /// It was taken into service.
    case adopted(Report)
    /// It was in service before, and nothing was changed.
    case inService(Service)
  }

  /// Since when a file is in service.
  public struct Service: Sendable, Equatable {
    /// Path of the file whose place it took; "" where there was none.
    public var from: String
    /// When.
    public var adopted: WallTime
    /// Who took it into service.
    public var by: String
  }

  /// What was carried over.
  public struct Report: Sendable, Equatable {
    /// Values of thresholds.
    public var thresholds = 0
    /// Requests for thresholds, which the worker answers.
    public var requests = 0
    /// Acknowledgements.
    public var acknowledgements = 0
    /// What people said that alerts and findings were.
    public var verdicts = 0
    /// Silences.
    public var silences = 0
    /// Fates of messages, by state.
    public var messages: [OutboxState: Int] = [:]
    /// Rules of what was carried that the pipeline does not have any more, by name; kept as
    /// history.
    public var goneRules: [String] = []
    /// Alerts that fire in the file that was in service and not in this one: nobody is told of
    /// their end.
    public var untoldEnds = 0
  }

  /// Takes the file into service, in one transaction.
  ///
  /// Throws a `StoreError` for the files' troubles, `locked` while a process holds one of them. A
  /// refusal, which changes nothing, for a file that no replay made, that has an end, that belongs
  /// to another pipeline, that has not read what the other has or is complete only later, or whose
  /// alerts were judged by other thresholds. O(rows of what is carried + thresholds).
  public func apply(
    now: WallTime, options: StoreOptions = StoreOptions()
  ) throws(StoreError) -> Result<Outcome, Refusal> {
    let target = try LiveLog.read(path: new)
    if let service = Self.service(target) { return .success(.inService(service)) }
    if let refusal = try refusal(target) { return .failure(refusal) }
    let held = try holdLive()
    defer { held?.release() }
    let file = try open(target, options)
    defer { try? file.close() }
    // Once more: now nobody changes them.
    if let refusal = try refusal(try LiveLog.read(path: new)) { return .failure(refusal) }
    return .success(.adopted(try file.adopt(self, now: now)))
  }

  private static func service(_ log: LiveLog) -> Service? {
    guard !log.isReplay, let from = log.manifest[ManifestKey.adoptedFrom] else { return nil }
    return Service(
      from: from,
      adopted: WallTime(ms: log.manifest[ManifestKey.adoptedWallMs].flatMap(Int64.init) ?? 0),
      by: log.manifest[ManifestKey.adoptedBy] ?? "")
  }

  /// Keeps a worker from starting with the file that is to be left; where nothing can be written
  /// none can.
  private func holdLive() throws(StoreError) -> FileLock? {
    guard let live else { return nil }
    do {
      return try FileLock(of: live)
    } catch {
      if error.kind == .readOnly { return nil }
      throw said(error)
    }
  }

  private func open(_ log: LiveLog, _ options: StoreOptions) throws(StoreError) -> ResultsFile {
    do {
      return try ResultsFile.open(path: new, identity: PipelineIdentity(log), options: options)
    } catch {
      throw said(error)
    }
  }

  private func said(_ error: StoreError) -> StoreError {
    guard error.kind == .locked else { return error }
    return StoreError(
      kind: .locked, path: error.path, what: error.what,
      whatToDo: "Stop that worker or wait for that replay, then run `weir adopt` again")
  }
}
