import Foundation
import SnapshotStore
import StreamCore

/// What the files of workers say of a log, held against what was sent.
struct Reckoning {
  /// One file.
  struct File {
    var name: String
    var path: String
    var fates = FateCounts()
    var digest = ""
    /// Settled rows that are there.
    var rows: Int64 = 0
  }

  private(set) var files: [File] = []
  private(set) var faults: [String] = []

  /// Reads the file of a worker; every partition has to have been read to its end, and every event
  /// has to have one fate.
  mutating func take(_ name: String, _ path: String, sent: EventStream.Report) throws {
    let reader = try ResultsReader.open(path: path)
    defer { reader.close() }
    var file = File(name: name, path: path)
    var counts: [Int64] = []
    for partition in try reader.partitions() {
      let fates = partition.fates
      file.fates += fates
      counts.append(fates.read)
      let sum = fates.rejected + fates.filtered + fates.late + fates.duplicate + fates.applied
      if fates.read != partition.nextOffset || sum != fates.read {
        faults.append(
          "\(name): partition \(partition.id.partition) is at offset \(partition.nextOffset), has "
            + "read \(fates.read) and settled \(sum)")
      }
    }
    let wanted = sent.counts.filter { $0 > 0 }.sorted()
    if counts.filter({ $0 > 0 }).sorted() != wanted {
      faults.append(
        "\(name): \(file.fates.read) events read of \(wanted.reduce(0, +)) that were sent")
    }
    if try reader.marks().contains(where: { $0.kind != .close }) {
      faults.append("\(name): a partition was taken as idle, which a replay of files does not know")
    }
    let report = try ResultsDigest.verify(path: path)
    if !report.isSound { faults.append("\(name): the file is not sound: \(report.problems)") }
    file.digest = report.recomputed
    file.rows = report.tables.reduce(0) { $0 + $1.rows }
    files.append(file)
  }

  /// Holds every file against the last one, row by row.
  mutating func compare() throws {
    guard let last = files.last else { return }
    for file in files.dropLast() {
      if file.fates != last.fates {
        faults.append("the fates of \(file.name) are not those of \(last.name)")
      }
      let difference = try ResultsDigest.diff(file.path, last.path, limit: 3)
      if difference.isEmpty { continue }
      let counts = difference.tables.filter { $0.differing > 0 }
        .map { "\($0.differing) of \($0.table)" }
      faults.append(
        "\(file.name) differs from \(last.name) in \(counts.joined(separator: ", ")), as "
          + difference.differences.prefix(3).map { "\($0.table) \($0.key)" }.joined(separator: "; ")
      )
    }
  }
}
