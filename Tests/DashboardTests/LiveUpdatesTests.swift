import StreamCore
import Testing

@testable import Dashboard

/// Open pages that are told of commits, and what becomes of them when the server ends.
@Suite struct LiveUpdatesTests {
  @Test("streams of readers who are still there are finished, and later readers get none")
  func finished() async throws {
    let file = try TestFile()
    try file.commit()
    let updates = LiveUpdates(try file.console())
    let streams = (0..<8).compactMap { _ in updates.subscribe() }
    #expect(streams.count == 8)
    let service = Task { try await updates.run() }
    service.cancel()
    try await service.value
    for stream in streams {
      var events: [String] = []
      for await event in stream { events.append(event) }
      #expect(events == ["retry: 2000\n\n"])
    }
    #expect(updates.subscribe() == nil)
  }

  @Test("a reader who leaves makes room for another")
  func leaving() async throws {
    let file = try TestFile()
    try file.commit()
    let updates = LiveUpdates(try file.console(), readersMax: 2)
    let first = updates.subscribe()
    var second = updates.subscribe()
    #expect(first != nil && second != nil)
    #expect(updates.subscribe() == nil)
    // A stream that nobody holds any more has ended.
    second = nil
    #expect(second == nil && updates.subscribe() != nil)
    _ = first
  }
}
