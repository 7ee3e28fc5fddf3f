import Foundation

/// One text file of the project.
struct SourceFile {
  /// Path from the project's root, with `/`.
  var path: String
  /// Its text.
  var text: String

  /// Lines without their ends; the empty one after a final newline is not counted.
  var lines: [Substring] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  /// `Sources/StreamCore` of `Sources/StreamCore/Time/EventTime.swift`; nil nearer to the root.
  var targetFolder: String? {
    let steps = path.split(separator: "/")
    return steps.count >= 3 ? steps[0...1].joined(separator: "/") : nil
  }

  var isSwift: Bool { path.hasSuffix(".swift") }
  var isCode: Bool { isSwift || [".c", ".h", ".cpp"].contains { path.hasSuffix($0) } }
}

/// The files of the project as they lie on disk, without what builds leave behind.
struct SourceTree {
  var files: [SourceFile]
  /// Paths of the pictures of documents.
  var pictures: [String] = []

  init(files: [SourceFile]) { self.files = files }

  /// The project that this file belongs to, read once.
  static let project = Result {
    try SourceTree(
      root: URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent())
  }

  /// Reads every code and text file below `root`, sorted by path.
  init(root: URL) throws {
    let kinds: Set = [
      "swift", "c", "h", "cpp", "md", "yaml", "yml", "sql", "sh", "modulemap", "",
    ]
    files = []
    let manager = FileManager.default
    var folders = [""]
    while let folder = folders.popLast() {
      let here = root.appendingPathComponent(folder)
      for name in try manager.contentsOfDirectory(atPath: here.path) {
        let skipped = name.hasPrefix(".") && name != ".ci"
        if skipped || name.hasPrefix("Package.resolved") { continue }
        let path = folder.isEmpty ? name : folder + "/" + name
        let url = root.appendingPathComponent(path)
        var isFolder: ObjCBool = false
        guard manager.fileExists(atPath: url.path, isDirectory: &isFolder) else { continue }
        if isFolder.boolValue {
          folders.append(path)
        } else if ["svg", "png"].contains(url.pathExtension) {
          pictures.append(path)
        } else if kinds.contains(url.pathExtension),
          let text = String(data: try Data(contentsOf: url), encoding: .utf8)
        {
          files.append(SourceFile(path: path, text: text))
        }
      }
    }
    files.sort { $0.path < $1.path }
  }
}
