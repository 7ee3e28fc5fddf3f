import Foundation
import StreamCore
import Testing

@testable import SnapshotStore

/// Definitions of which not everything may be read: files hold what may, and the digest of all.
@Suite struct ShownDefinitionTests {
  private let exact = "filter user != \"s3cr3t\""

  private func identity(_ definition: String? = nil, shown: String?) -> PipelineIdentity {
    PipelineIdentity(
      name: "shop", definition: definition ?? exact, shown: shown, tzdataVersion: "1",
      weirVersion: "1")
  }

  private func hasSecret(_ path: String) throws -> Bool {
    try Data(contentsOf: URL(fileURLWithPath: path)).range(of: Data("s3cr3t".utf8)) != nil
  }

  @Test func `A file holds what may be read, and belongs to the whole definition`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let own = identity(shown: "filter user != \"${USER}\"")
    try ResultsFile.open(path: path, identity: own).close()
    #expect(try !hasSecret(path))
    let log = try LiveLog.read(path: path)
    #expect(log.definition == own.shownDefinition && log.definitionDigest == own.definitionDigest)
    // What goes by the file alone knows it by its digest.
    try ResultsFile.open(path: path, identity: PipelineIdentity(log)).close()
    try ResultsFile.open(path: path, identity: own).close()
    let other = identity("filter user != \"another\"", shown: own.shownDefinition)
    let error = expectError(.otherDefinition) {
      try ResultsFile.open(path: path, identity: other)
    }
    #expect(error?.what.contains("s3cr3t") == false && error?.what.contains("another\"") == false)
  }

  @Test func `A file from before is mended when a worker opens it`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    try ResultsFile.open(path: path, identity: identity(shown: nil)).close()
    #expect(try LiveLog.read(path: path).definition == exact)
    let own = identity(shown: "filter user != \"${USER}\"")
    try ResultsFile.open(path: path, identity: own).close()
    let log = try LiveLog.read(path: path)
    #expect(log.definition == own.shownDefinition)
    #expect(log.definitionDigest == own.definitionDigest)
  }
}
