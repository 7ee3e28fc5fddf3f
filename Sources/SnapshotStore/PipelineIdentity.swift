import Digests

/// Which pipeline, under which definition and versions, a file belongs to.
public struct PipelineIdentity: Sendable {
  /// The pipeline's name.
  public var name: String
  /// The definition as canonical text: what results depend on, without brokers, credentials and
  /// sinks.
  public var definition: String
  /// SHA-256 of `definition` in hexadecimal.
  public var definitionDigest: String
  /// `definition` as others may read it: that is what files hold.
  public var shownDefinition: String
  /// Digests of definitions that a file may have besides: it is taken over to this one.
  public var formerDigests: Set<String> = []
  /// Version of the time-zone rules in use.
  public var tzdataVersion: String
  /// Version of this program.
  public var weirVersion: String

  /// Names a pipeline. O(length of the definition).
  ///
  /// - Parameter shown: The definition as others may read it; nil: as it is.
  public init(
    name: String, definition: String, shown: String? = nil, tzdataVersion: String,
    weirVersion: String
  ) {
    self.name = name
    self.definition = definition
    shownDefinition = shown ?? definition
    self.tzdataVersion = tzdataVersion
    self.weirVersion = weirVersion
    definitionDigest = Hex.text(SHA256Digest.of(definition.utf8))
  }

  /// That of the file of which `log` tells.
  init(_ log: LiveLog) {
    self.init(
      name: log.pipeline, definition: log.definition,
      tzdataVersion: log.manifest[Manifest.tzdataVersion] ?? "",
      weirVersion: log.manifest[Manifest.weirVersion] ?? "")
    // Of a definition of which not all may be read the digest is that of the whole.
    definitionDigest = log.definitionDigest
  }

  /// Throws unless a file made for `name` and `digest` is this pipeline's.
  ///
  /// - Parameter definition: The file's definition text, where it holds one, to say what changed.
  func check(path: String, name: String, digest: String, definition: String?) throws(StoreError) {
    guard name == self.name else {
      throw StoreError(
        kind: .otherPipeline, path: path,
        what: "it belongs to the pipeline '\(name)', not to '\(self.name)'",
        whatToDo: "Choose another path for '\(self.name)' with --data, or run the pipeline file of "
          + "'\(name)'")
    }
    guard accepts(digest) else {
      throw StoreError(
        kind: .otherDefinition, path: path,
        what: "it was made by another definition of '\(name)' (\(digest.prefix(12)), now "
          + "\(definitionDigest.prefix(12)))" + (definition.map(firstChange) ?? ""),
        whatToDo: "Go back to the earlier definition, build a file with the new one from history "
          + "(`weir replay --into NEW.sqlite`), or start a new file with --data")
    }
  }

  /// Whether a file of the definition `digest` may be gone on with.
  func accepts(_ digest: String) -> Bool {
    digest == definitionDigest || formerDigests.contains(digest)
  }

  private func firstChange(from old: String) -> String {
    let before = old.split(separator: "\n", omittingEmptySubsequences: false)
    let after = shownDefinition.split(separator: "\n", omittingEmptySubsequences: false)
    let same = zip(before, after).prefix { $0 == $1 }.count
    func line(_ lines: [Substring]) -> String {
      same < lines.count ? "'\(lines[same].prefix(120))'" : "nothing"
    }
    return "; the first change is \(line(before)) to \(line(after)) in line \(same + 1) of its "
      + "canonical text"
  }
}
