/// What changed in the state of a task since the last save, taken quickly by the task's lane and
/// encoded elsewhere: large parts are copy-on-write and shared until the task changes them.
public struct TaskState: Sendable {
  /// One cell.
  struct Cell: Sendable {
    var group: Int
    var key: [UInt8]
    var value: CellValue
    var users: HashSet64?
  }

  let owner: String
  var cells: [Cell] = []
  /// Keys of records that are gone, by stage.
  var gone: [(stage: UInt32, key: [UInt8])] = []
  /// Further records, already encoded.
  var records: [StateRecord] = []
  var dedup: DedupIndex?
  /// Pages of records of users, by the stage that they are saved under.
  var pages: [(stage: UInt32, page: SharedPage)] = []
  /// Events that wait for their turn.
  var waiting: [(number: UInt64, content: Sequencer.Content)] = []

  init(owner: String) { self.owner = owner }

  /// Version of the codecs of all records below.
  static let codecVersion: UInt16 = 5
  /// Stage ids beside the groups of metrics.
  static let headerStage: UInt32 = 0xFFFF_FFFF
  static let dedupStage: UInt32 = 0xFFFF_FFFE
  static let waitingStage: UInt32 = 0xFFFF_FFFD
  /// Pages of users; the index of the key they go by is added.
  static let pageStage: UInt32 = 0xF000_0000
  /// Numbers of series and of names in those pages; the index of the group is added.
  static let seriesStage: UInt32 = 0xE000_0000
  static let nameStage: UInt32 = 0xD000_0000
  /// Cells of a window that are one record; the index of the group is added.
  static let windowStage: UInt32 = 0xC000_0000

  /// Encodes everything into `change`. O(bytes).
  public func encode(into change: inout StateChange) {
    for key in gone {
      change.deletes.append(StateKey(owner: owner, stage: key.stage, key: key.key))
    }
    for cell in cells {
      var writer = ByteWriter()
      CellCodec.encode(cell.value, users: cell.users, into: &writer)
      change.upserts.append(
        record(UInt32(cell.group), key: cell.key, bytes: writer.bytes))
    }
    change.upserts += records
    if let dedup {
      var writer = ByteWriter()
      dedup.encode(into: &writer)
      change.upserts.append(record(Self.dedupStage, key: [], bytes: writer.bytes))
    }
    for (stage, shared) in pages {
      let page = shared.page
      var writer = ByteWriter(reserving: page.usedBytes + 8)
      page.encode(into: &writer)
      change.upserts.append(record(stage, key: page.stateKey, bytes: writer.bytes))
    }
    for (number, content) in waiting {
      change.upserts.append(
        record(Self.waitingStage, key: Self.key(number), bytes: content.encoded()))
    }
  }

  private func record(_ stage: UInt32, key: [UInt8], bytes: [UInt8]) -> StateRecord {
    StateRecord(
      key: StateKey(owner: owner, stage: stage, key: key), codecVersion: Self.codecVersion,
      bytes: bytes)
  }

  mutating func addHeader(_ writer: ByteWriter) {
    records.append(record(Self.headerStage, key: [], bytes: writer.bytes))
  }

  mutating func add(_ group: StageState) {
    let (store, index) = (group.store, UInt32(group.plan.index))
    let unsaved = store.takeUnsaved()
    gone += unsaved.goneKeys.map { (index, $0) }
    gone += unsaved.goneWindows.map { (Self.windowStage + index, CellStore.key(of: $0)) }
    cells += unsaved.cells.map { cell in
      Cell(
        group: group.plan.index, key: store.key(of: Int(cell)), value: store.value(of: Int(cell)),
        users: group.plan.countsUsers ? store.users[Int(cell)] : nil)
    }
    for (ordinal, together) in unsaved.windows {
      records.append(
        record(
          Self.windowStage + index, key: CellStore.key(of: ordinal), bytes: store.encode(together)))
    }
  }

  /// Adds what ordered stages hold beside their cells.
  mutating func add(_ ordered: OrderedState) {
    let (chunks, goneNumbers) = ordered.sequencer.takeUnsaved()
    waiting += chunks
    gone += goneNumbers.map { (Self.waitingStage, Self.key($0)) }
    for users in ordered.users {
      let stage = Self.pageStage + UInt32(users.key)
      let (pages, goneKeys) = users.pages.takeUnsaved()
      self.pages += pages.map { (stage, SharedPage(page: $0)) }
      gone += goneKeys.map { (stage, $0) }
      for own in users.stages {
        add(own.dictionary, Self.seriesStage + UInt32(own.plan.index))
        if let names = own.nameDictionary { add(names, Self.nameStage + UInt32(own.plan.index)) }
      }
    }
  }

  private mutating func add(_ dictionary: SeriesDictionary, _ stage: UInt32) {
    for (number, key) in dictionary.takeUnsaved() {
      records.append(record(stage, key: Self.key(UInt64(number)), bytes: key))
    }
  }

  /// A number as a key: in the order of numbers.
  static func key(_ number: UInt64) -> [UInt8] {
    stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt64($0)) }
  }

  /// The number of a key.
  static func number(_ key: [UInt8]) -> UInt64 { key.reduce(0) { $0 << 8 | UInt64($1) } }
}
