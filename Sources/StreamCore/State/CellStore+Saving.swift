/// What of cells is in the state file.
///
/// The small cells of a window are one record, since a row of the file costs more than most cells
/// have bytes: a metric by minute and dimension has thousands that come and go between two saves.
/// Large cells, and those of windows with very many, are a record each, so that a change of one
/// does not write all the others again.
extension CellStore {
  /// Cells of a window above which each is a record.
  static let togetherMax = 256
  /// Users above which a cell is a record of its own.
  static let togetherUsersMax = 100

  /// What is to be written to the state file, and deleted from it.
  struct Unsaved {
    /// Cells that are records of their own.
    var cells: [Int32] = []
    /// Windows, each with those of its cells that are one record.
    var windows: [(ordinal: Int64, cells: [Int32])] = []
    /// Keys of records of single cells.
    var goneKeys: [[UInt8]] = []
    var goneWindows: [Int64] = []
  }

  /// What has changed since the last call. O(changed cells · cells of their windows).
  func takeUnsaved() -> Unsaved {
    var result = Unsaved()
    var changed = foldedWindows
    for cell in unsaved {
      let at = Int(cell)
      cells[at].flags &= ~Self.unsavedBit
      guard let window = windows[cells[at].ordinal] else { continue }
      if isTogether(at, window) {
        changed.insert(cells[at].ordinal)
      } else {
        // What holds the others together may still hold this one.
        if window.isStored, cells[at].flags & Self.storedBit == 0 {
          changed.insert(cells[at].ordinal)
        }
        cells[at].flags |= Self.storedBit
        result.cells.append(cell)
      }
    }
    unsaved.removeAll(keepingCapacity: true)
    foldedWindows.removeAll()
    for ordinal in changed.sorted() { take(ordinal, &result) }
    result.goneKeys += goneKeys
    result.goneWindows += goneWindows
    goneKeys.removeAll()
    goneWindows.removeAll()
    return result
  }

  /// Whether a cell is saved together with others of its window.
  private func isTogether(_ cell: Int, _ window: OpenWindow) -> Bool {
    plan.parts.isFixed && window.cells.count <= Self.togetherMax
      && (!plan.countsUsers || users[cell].count <= Self.togetherUsersMax)
  }

  private func take(_ ordinal: Int64, _ result: inout Unsaved) {
    guard let window = windows[ordinal] else { return }
    var together: [Int32] = []
    for cell in window.cells {
      let at = Int(cell)
      let isStored = cells[at].flags & Self.storedBit != 0
      if isTogether(at, window) {
        together.append(cell)
        if isStored {
          cells[at].flags &= ~Self.storedBit
          result.goneKeys.append(key(of: at))
        }
      } else if !isStored {
        cells[at].flags |= Self.storedBit
        result.cells.append(cell)
      }
    }
    if together.isEmpty {
      if window.isStored { result.goneWindows.append(ordinal) }
    } else {
      result.windows.append((ordinal, together))
    }
    windows[ordinal]?.isStored = !together.isEmpty
  }

  /// The record key of a window.
  static func key(of ordinal: Int64) -> [UInt8] {
    TaskState.key(UInt64(bitPattern: ordinal) ^ (1 << 63))
  }

  /// The record key of a cell: its window, then its series.
  func key(of cell: Int) -> [UInt8] {
    Self.key(of: cells[cell].ordinal) + series.key(Int(cells[cell].series))
  }

  /// Cells of one window as one record.
  func encode(_ together: [Int32]) -> [UInt8] {
    var writer = ByteWriter()
    writer.writeVarint(UInt64(together.count))
    for cell in together {
      writer.writeBytes(series.key(Int(cells[Int(cell)].series)))
      var own = ByteWriter()
      CellCodec.encode(
        value(of: Int(cell)), users: plan.countsUsers ? users[Int(cell)] : nil, into: &own)
      writer.writeBytes(own.bytes)
    }
    return writer.bytes
  }

  /// Puts a saved cell back; false when `key` is none of this group's. The cell counts as changed
  /// but saved, `together` with others of its window or alone.
  func restore(key: [UInt8], value: CellValue, users saved: HashSet64, together: Bool) -> Bool {
    guard key.count >= 8 else { return false }
    let ordinal = Int64(bitPattern: TaskState.number(Array(key[..<8])) ^ (1 << 63))
    guard let number = series.find(key: Array(key[8...])) else { return false }
    let at = cell(series: number, ordinal: ordinal)
    let parts = plan.parts
    guard value.numbers.count == parts.numbers, value.distincts.count == parts.distincts,
      value.quantiles.count == parts.quantiles, value.lasts.count == parts.lasts,
      value.counts.count == parts.counts, value.amounts.count == parts.amounts,
      value.nameCounts.count == parts.nameCounts
    else { return false }
    cells[at].events = value.events
    if plan.countsUsers { users[at] = saved }
    for i in 0..<parts.numbers { numbers[at * parts.numbers + i] = value.numbers[i] }
    for i in 0..<parts.distincts { distincts[at * parts.distincts + i] = value.distincts[i] }
    for i in 0..<parts.quantiles { quantiles[at * parts.quantiles + i] = value.quantiles[i] }
    for i in 0..<parts.lasts { lasts[at * parts.lasts + i] = value.lasts[i] }
    for i in 0..<parts.counts { counts[at * parts.counts + i] = value.counts[i] }
    for i in 0..<parts.amounts { amounts[at * parts.amounts + i] = value.amounts[i] }
    for i in 0..<parts.nameCounts { nameCounts[at * parts.nameCounts + i] = value.nameCounts[i] }
    if cells[at].flags & Self.changedBit == 0 { changed.append(Int32(at)) }
    cells[at].flags |= Self.changedBit
    if isSaved, together { windows[ordinal]?.isStored = true }
    if isSaved, !together { cells[at].flags |= Self.storedBit }
    return true
  }
}

extension StateRecord {
  /// The records of single cells that this one holds together; itself where it is no such record.
  /// Throws when it is damaged. O(bytes).
  func apart() throws(CodecError) -> [StateRecord] {
    guard key.stage >> 28 == TaskState.windowStage >> 28 else { return [self] }
    var reader = ByteReader(bytes)
    var result: [StateRecord] = []
    for _ in 0..<(try reader.readCount("cells of a window", elementBytes: 2)) {
      let series = try reader.readBytes("key of a series")
      result.append(
        StateRecord(
          key: StateKey(
            owner: key.owner, stage: key.stage - TaskState.windowStage, key: key.key + series),
          codecVersion: codecVersion, bytes: try reader.readBytes("cell")))
    }
    return result
  }
}
