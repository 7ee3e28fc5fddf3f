import ArgumentParser
import Foundation
import SnapshotStore

/// The files that a look leaves.
struct LookOutputs {
  let page: String
  let data: String
  let pipeline: String
  /// Whether files of an earlier look are replaced.
  private let overwrites: Bool

  /// What the first bytes of a pipeline and any part of a page say when a look made them.
  static let pipelineMark = "# Proposed from "
  static let pageMark = "Made by weir look of "

  /// - Parameter inputs: Paths of what is looked at, as they were given.
  /// - Throws: `ValidationError` when a file is there and is not to be replaced, is an input or
  ///   another of these, or was not made by a look.
  init(page: String, data: String, pipeline: String, inputs: [String], overwrites: Bool) throws {
    self.page = page
    self.data = data
    self.pipeline = pipeline
    self.overwrites = overwrites
    try checkApart(inputs)
    let there = [page, data, pipeline].filter { FileManager.default.fileExists(atPath: $0) }
    guard overwrites || there.isEmpty else {
      throw ValidationError(
        "\(there.joined(separator: ", ")) \(there.count == 1 ? "is" : "are") there already; give "
          + "--overwrite to replace \(there.count == 1 ? "it" : "them"), or --name for other ones.")
    }
    for (path, isMade) in [
      (page, { (text: Data) in text.range(of: Data(Self.pageMark.utf8)) != nil }),
      (pipeline, { $0.starts(with: Self.pipelineMark.utf8) }),
    ] where there.contains(path) {
      guard let text = FileManager.default.contents(atPath: path), isMade(text) else {
        throw ValidationError(
          "\(path) was not made by weir look, so --overwrite does not replace it; move it away, or "
            + "give --name for other files.")
      }
    }
  }

  /// No output may be an input, or another output: a link, or the same path in other words.
  private func checkApart(_ inputs: [String]) throws {
    var seen: [FileIdentity: String] = [:]
    for input in inputs { seen[FileIdentity(of: input)] = "the input \(input)" }
    let results = (ResultsRemoval.suffixes + [".lock", "-state.lock"]).map { data + $0 }
    for path in [page, pipeline] + results {
      if let other = seen.updateValue(path, forKey: FileIdentity(of: path)) {
        throw ValidationError("\(path) is the same file as \(other); give each a path of its own.")
      }
    }
  }

  /// Makes room for the results. Before this nothing is changed.
  ///
  /// - Throws: `StoreError` when the file holds something else, or a worker holds the file.
  func clear(of name: String) throws {
    guard overwrites else { return }
    try ResultsRemoval.remove(path: data, of: name)
  }

  /// - Throws: `ExitCode`, when it has said why.
  func write(_ text: String, to path: String) throws {
    do {
      try Data(text.utf8).write(to: URL(filePath: path))
    } catch {
      Terminal.tell("weir: \(path) cannot be written: \(error.localizedDescription)")
      throw ExitCode.unreachable
    }
  }
}

/// What two paths of one file have in common, whether it is there or not.
private enum FileIdentity: Hashable {
  case file(device: UInt64, inode: UInt64)
  case path(String)

  /// Of standard input for `-`.
  init(of path: String) {
    var status = stat()
    if path == "-" ? fstat(STDIN_FILENO, &status) == 0 : stat(path, &status) == 0 {
      self = .file(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    } else {
      self = .path(URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path)
    }
  }
}
