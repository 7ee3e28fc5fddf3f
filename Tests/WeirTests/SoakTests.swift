import Foundation
import Testing

/// A short soak; `make soak` is the long one.
@Suite(.serialized) struct SoakTests {
  @Test func `Killed, cut off and read slowly, workers lose nothing and agree with a replay`()
    async throws
  {
    let folder = try TemporaryFolder()
    let outcome = try await Command.run(
      [
        "--weir", try Command.program().path, "--for", "20s", "--rate", "1500", "--partitions", "4",
        "--seed", "1", "--folder", folder.path,
      ], program: "soak")
    print(outcome.output)
    #expect(outcome.code == 0, "\(outcome)")
    #expect(outcome.output.contains("nothing lost"), "\(outcome)")
    // Something did go wrong, of each kind.
    for kind in ["of them in outages", "× broker down", "× hold a transaction"] {
      #expect(outcome.output.contains(kind), "\(outcome.output)")
    }
    // What it wrote is gone.
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(left.allSatisfy { !$0.hasPrefix("weir-soak") }, "\(left)")
  }
}
