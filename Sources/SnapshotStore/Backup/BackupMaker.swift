import Digests
import Foundation
import GRDB
import StreamCore

/// How many copies stay in a directory.
public enum BackupKeep: Sendable, Equatable {
  /// The newest so many; at least one.
  case newest(Int)
  /// Those that are younger than so many milliseconds of wall time, and the newest.
  case within(ms: Int64)
  /// All.
  case forever
}

/// Makes complete, verified copies of a worker's files, each in a directory of its own, and removes
/// old ones.
///
/// **The state first, the results after it**: the results of a copy are of the same snapshot as its
/// state or of a later one, and a worker that starts on them reads again what lies between. Each
/// file of a copy is one committed state of its own. A copy gets its name, `PIPELINE-TIME`, only
/// when it is found right and on the disk; what a kill leaves begins with a dot, and the next copy
/// removes it.
public struct BackupMaker: Sendable {
  /// What is copied.
  public var kind: BackupManifest.Kind
  /// The directory that the copies go into; it is made where only its last part is missing.
  public var directory: String
  /// How many stay, of this pipeline and kind.
  public var keep = BackupKeep.newest(7)
  /// Bytes that stay free on the device of the directory.
  public var minFreeBytes: Int64 = 0
  /// Bytes that may be written to the device of a path; nil where nobody can tell.
  public var freeBytes: @Sendable (String) -> Int64? = { FileSystem.freeBytes(at: $0) }
  /// The machine's clock.
  public var now: @Sendable () -> WallTime
  /// Asked now and then: whether the copy is still wanted.
  public var isWanted: @Sendable () -> Bool = { true }
  /// Told when the files are copied, and only its own thread has to do with them from now on.
  public var willVerify: @Sendable () -> Void = {}

  /// Makes copies of a kind in a directory.
  public init(
    _ kind: BackupManifest.Kind, into directory: String, now: @escaping @Sendable () -> WallTime
  ) {
    self.kind = kind
    self.directory = directory
    self.now = now
  }

  /// Copies the files of a worker while it works, through its own connections, a little at a time.
  ///
  /// Call it from a thread beside the worker's, and let it return before the files are closed. A
  /// failed call leaves no copy and removes none: `diskFull` before anything is written where
  /// there is no room, `damaged` when the copy does not verify. O(bytes of the files).
  public func make(
    of results: ResultsFile, _ state: StateFile
  ) throws(StoreError) -> BackupSet {
    let pace = CopyPace(stepBytes: CopyPace.workerStepBytes, isWanted: isWanted)
    return try make(
      of: results.path,
      results: { path throws(StoreError) in
        try results.connection.copy(to: path, pace)
      },
      state: { path throws(StoreError) in try state.connection.copy(to: path, pace) })
  }

  /// Copies the files at `path`, also while a worker writes to them, each in one go: its log is not
  /// emptied meanwhile.
  ///
  /// Throws as `make(of:_:)`, and for what is no results file, or of a backup has no state.
  public func make(ofFileAt path: String) throws(StoreError) -> BackupSet {
    try ResultsReader.open(path: path).close()
    let copy = { (source: String, schema: Schema) in
      { (target: String) throws(StoreError) in
        let connection = try Connection(path: source, role: .reader, options: StoreOptions())
        defer { try? connection.close() }
        _ = try connection.read("copying it") { try schema.check($0, path: source) }
        try connection.copy(to: target, CopyPace())
      }
    }
    let statePath = StateFile.path(besides: path)
    if kind == .backup, FileSystem.size(of: statePath) == nil {
      throw StoreError(
        kind: .io, path: statePath, what: "there is no state file beside the results",
        whatToDo: "A copy of the results alone is an archive: `weir backup --archive`")
    }
    return try make(
      of: path, results: copy(path, .results), state: copy(statePath, .state))
  }

  private typealias Copy = (_ target: String) throws(StoreError) -> Void

  private func make(
    of path: String, results: Copy, state: Copy
  ) throws(StoreError) -> BackupSet {
    try makeDirectory()
    let sources = kind == .backup ? [path, StateFile.path(besides: path)] : [path]
    try checkRoom(for: sources)
    let pipeline = try LiveLog.read(path: path).pipeline
    removeUnfinished(of: pipeline)
    let unfinished = "\(directory)/.\(pipeline)-\(kind.rawValue).unfinished"
    do {
      try FileManager.default.createDirectory(
        atPath: unfinished, withIntermediateDirectories: false)
      let name = path.split(separator: "/").last.map(String.init) ?? path
      let target = "\(unfinished)/\(name)"
      if kind == .backup { try state(StateFile.path(besides: target)) }
      try results(target)
      willVerify()
      let manifest = try manifest(of: target)
      try manifest.encoded().write(
        to: URL(filePath: "\(unfinished)/\(BackupManifest.fileName)"))
      for file in manifest.files.map(\.name) + [BackupManifest.fileName] {
        try FileSystem.syncFile("\(unfinished)/\(file)")
      }
      try FileSystem.syncDirectory(unfinished)
      let final = self.name(of: manifest)
      try FileSystem.finish(directory: unfinished, as: final)
      removeOld(besides: final, of: pipeline)
      guard let made = BackupSet(path: final) else {
        throw StoreError(
          kind: .io, path: final, what: "the copy cannot be read back",
          whatToDo: "Look at the device and the directory's rights")
      }
      return made
    } catch {
      try? FileManager.default.removeItem(atPath: unfinished)
      throw StoreError(error, path: directory, doing: "making a \(kind.rawValue)")
    }
  }

  // MARK: - Before

  private func makeDirectory() throws(StoreError) {
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory),
      isDirectory.boolValue
    {
      return
    }
    guard mkdir(directory, 0o755) == 0 else {
      throw StoreError(
        kind: .io, path: directory, what: "it is no directory: \(FileSystem.reason())",
        whatToDo: "Create it (`mkdir -p \(directory)`), and see that the device is mounted")
    }
  }

  private func checkRoom(for sources: [String]) throws(StoreError) {
    let needed = sources.flatMap { [$0, $0 + "-wal"] }
      .reduce(Int64(0)) { $0 + (FileSystem.size(of: $1) ?? 0) }
    guard let free = freeBytes(directory + "/"), free < needed + minFreeBytes else { return }
    throw StoreError(
      kind: .diskFull, path: directory,
      what: "\(free) bytes are free, and the \(kind.rawValue) needs \(needed)"
        + (minFreeBytes > 0 ? ", with \(minFreeBytes) to stay free (min_free)" : ""),
      whatToDo: "Make room there, keep fewer copies, or name a directory on a larger device")
  }

  private func removeUnfinished(of pipeline: String) {
    let path = "\(directory)/.\(pipeline)-\(kind.rawValue).unfinished"
    try? FileManager.default.removeItem(atPath: path)
  }

  // MARK: - After

  /// Verifies the copied files and says what they are.
  private func manifest(of target: String) throws -> BackupManifest {
    let report = try ResultsDigest.verify(path: target)
    guard report.isSound else {
      throw StoreError.damaged(
        path: target,
        "the copy does not verify (\(report.problems.first ?? "its digest is another"))")
    }
    guard isWanted() else {
      throw StoreError(
        kind: .io, path: directory, what: "the copy was given up", whatToDo: "Make it again")
    }
    let log = try LiveLog.read(path: target)
    let state =
      kind == .backup ? try StateCheck.check(StateFile.path(besides: target), beside: log) : nil
    return BackupManifest(
      kind: kind, pipeline: log.pipeline, definitionDigest: log.definitionDigest,
      takenWallMs: now().ms, snapshotID: log.snapshotID, stateSnapshotID: state?.snapshotID,
      watermarkMs: log.watermark?.ms, resultDigest: report.recomputed,
      partitions: log.partitions.map {
        .init(
          topic: $0.id.topic, partition: $0.id.partition, nextOffset: $0.nextOffset,
          stateOffset: state?.positions[$0.id])
      },
      files: try (kind == .backup ? [target, StateFile.path(besides: target)] : [target]).map {
        try .init(of: $0)
      },
      weirVersion: log.manifest[Manifest.weirVersion] ?? "")
  }

  /// A name that is free: by time, and by number within a second.
  private func name(of manifest: BackupManifest) -> String {
    var seconds = time_t(manifest.takenWallMs / 1000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    var text = [CChar](repeating: 0, count: 32)
    let count = strftime(&text, text.count, "%Y%m%dT%H%M%SZ", &parts)
    let time = String(decoding: text[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    let kind = manifest.kind == .archive ? "-archive" : ""
    let name = "\(directory)/\(manifest.pipeline)\(kind)-\(time)"
    let more = (2...1000).lazy.map { "\(name)-\($0)" }
    return ([name] + more).first { FileSystem.size(of: $0) == nil } ?? name
  }

  /// Removes what `keep` does not want besides the copy that was just `made`, also when the clock
  /// was set back and others look newer. What cannot be removed stays.
  private func removeOld(besides made: String, of pipeline: String) {
    let others = BackupSet.all(in: directory, pipeline: pipeline, kind: kind)
      .filter { $0.path != made }
    let old: ArraySlice<BackupSet>
    switch keep {
    case .forever: old = []
    case .newest(let count): old = others.dropFirst(max(1, count) - 1)
    case .within(let ms):
      let oldest = WallTime(ms: now().ms - ms)
      old = others.drop { $0.taken >= oldest }
    }
    for set in old {
      // Without its manifest it is no copy any more, whatever becomes of the rest.
      FileSystem.remove("\(set.path)/\(BackupManifest.fileName)")
      try? FileManager.default.removeItem(atPath: set.path)
    }
  }
}

extension BackupManifest.File {
  /// Reads the file at `path`. O(bytes).
  init(of path: String) throws {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw StoreError(
        kind: .io, path: path, what: "it cannot be read: \(FileSystem.reason())",
        whatToDo: "Look at the device and the file's rights")
    }
    defer { try? handle.close() }
    var (stream, bytes) = (SHA256Stream(), Int64(0))
    while let part = try handle.read(upToCount: 1 << 20), !part.isEmpty {
      part.withUnsafeBytes { stream.update($0) }
      bytes += Int64(part.count)
    }
    self.init(
      name: path.split(separator: "/").last.map(String.init) ?? path, bytes: bytes,
      sha256: Hex.text(stream.finish()))
  }
}
