import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct AlertCrashTests {
  /// Snapshot `id`: opens a finding and closes the one before, makes a step, decides a message,
  /// sets a threshold.
  private func snapshot(_ id: Int64) -> SnapshotChange {
    let rows = rows {
      $0.findings = [finding("f\(id)", opened: id)]
      if id > 1 { $0.findings.append(finding("f\(id - 1)", opened: id - 1, closed: 1000 + id)) }
      $0.findings.append(finding("p", opened: id, status: .provisional))
      $0.alertTransitions = [transition("a\(id)", at: id)]
      $0.alerts = [alert("a", last: id)]
    }
    return change(alerts: rows, next: id, clock: id) {
      $0.messages = [message("m\(id)")]
      $0.thresholds = [
        ThresholdRow(
          rule: "trouble", name: "above", value: Double(id), effective: EventTime(ms: id),
          set: WallTime(ms: id), origin: .person, setBy: "ann", reason: "r")
      ]
    }
  }

  @Test func `A torn log gives alerts, findings, thresholds and messages of one snapshot`() throws {
    var random = Seeded("torn log of alerts")
    let directory = try TemporaryDirectory()
    let (path, image) = (directory.file(), directory.file("image.sqlite"))
    var options = StoreOptions()
    options.walAutocheckpointPages = 0
    let file = try ResultsFile.open(path: path, identity: shop, options: options)
    var digests = [try file.resultDigest]
    let last: Int64 = 20
    for id in 1...last {
      _ = try file.commit(snapshot(id), durable: Bool.random(using: &random))
      digests.append(try file.resultDigest)
    }
    let bytes = try #require(FileSystem.size(of: path + "-wal"))
    var seen: Set<Int64> = []
    for _ in 0..<20 {
      try copyAsKilled(path, to: image)
      let at = UInt64.random(in: 0...UInt64(bytes), using: &random)
      if Bool.random(using: &random) || at == bytes {
        try truncate(image + "-wal", to: at)
      } else {
        try overwrite(image + "-wal", at: at, with: [UInt8.random(in: 0...255, using: &random)])
      }
      let survived = try ResultsFile.open(path: image, identity: shop)
      let id = survived.resume?.snapshotID ?? 0
      seen.insert(id)
      #expect(try survived.resultDigest == digests[Int(id)])
      #expect(try survived.thresholdRows().map(\.value) == (0..<id).map { Double($0 + 1) })
      #expect(try survived.outboxDepth().map(\.count) == (id == 0 ? [] : [id]))
      let open = try survived.findings(since: .distantFuture).filter { $0.status == .provisional }
      #expect(open.map(\.opened.ms) == (id == 0 ? [] : [id]))
      // Some of it is said again, then the rest: the file ends as if nothing had been.
      for again in max(1, id - 2)...last {
        var next = snapshot(again)
        if again <= id {
          next.thresholds = []
          next.partitions = [partition(0, next: id)]
        }
        _ = try survived.commit(next, durable: false)
      }
      #expect(try survived.resultDigest == digests[Int(last)])
      let (whole, made) = (
        try contents(of: path, tables: alertTables), try contents(of: image, tables: alertTables)
      )
      #expect(whole == made)
      try survived.close()
      #expect(try ResultsDigest.verify(path: image).isSound)
    }
    #expect(seen.count > 5)
    try file.close()
  }

  @Test func `A desk that is killed leaves its whole change or none`() throws {
    let directory = try TemporaryDirectory()
    let (path, image) = (directory.file(), directory.file("image.sqlite"))
    let file = try ResultsFile.open(path: path, identity: shop)
    _ = try file.commit(change(next: 1, clock: 5) { $0.rules = shopRules }, durable: true)
    try file.close()
    let desk = try PeopleDesk.open(path: path)
    for number in 1...20 {
      let wish = request("card_testing", "failures", Double(number))
      _ = try desk.setThreshold(wish, now: { WallTime(ms: 1) }, goOn: { _ in false })
      try copyAsKilled(path, to: image)
      let bytes = FileSystem.size(of: image + "-wal") ?? 0
      try truncate(image + "-wal", to: UInt64(max(0, bytes - 1)))
      let survived = try ResultsFile.open(path: image, identity: shop)
      let rows = try survived.thresholdRows().map(\.value)
      // Asked for and not answered yet, or never asked.
      #expect(rows == (1..<number).map(Double.init))
      #expect(try survived.waitingRequests().map(\.value) == [Double(number)])
      try survived.close()
    }
    desk.close()
  }
}
