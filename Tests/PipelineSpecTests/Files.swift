import Foundation
import PipelineSpec

/// Files of the project, found from this one.
enum Files {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let bad = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Bad")

  static func text(_ url: URL) throws -> String { try String(contentsOf: url, encoding: .utf8) }

  static func yaml(in directory: URL) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "yaml" }.sorted { $0.path < $1.path }
  }
}

/// A small right pipeline; `more` is added at the top level.
func pipeline(
  _ more: String, fields: String = "{name: event, user: user_id, time: timestamp, id: message_id}",
  environment: [String: String] = [:], secretsRequired: Bool = true
) throws(PipelineFaults) -> Pipeline {
  let text = """
    name: test
    source:
      format: custom
      fields: \(fields)
    \(more)
    """
  return try Pipeline.parse(
    text: text, file: "test.yaml", environment: environment, secretsRequired: secretsRequired)
}

/// The faults of a small pipeline with `more` at the top level; none when it is right.
func faults(_ more: String, fields: String = "{name: event, user: user_id, time: timestamp}")
  -> [String]
{
  do throws(PipelineFaults) {
    _ = try pipeline(more, fields: fields)
    return []
  } catch {
    return error.faults.map(\.description)
  }
}
