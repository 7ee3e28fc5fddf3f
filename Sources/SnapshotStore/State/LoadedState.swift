import GRDB
import StreamCore

/// State as a `StateFile` holds it, to be read record by record.
///
/// Valid until the file's next `save` or its `close()`.
public struct LoadedState: Sendable {
  let connection: Connection
  /// The snapshot whose offsets the state has.
  public let snapshotID: Int64
  /// When it was saved.
  public let saved: WallTime
  /// Offset of the next record to read, of every partition.
  public let positions: [PartitionID: Int64]

  /// Calls `body` for each record in the order of (owner, stage, key), bytes against bytes.
  ///
  /// The bytes are valid during the call. What `body` throws ends the walk and is thrown on; a
  /// record whose checksum is wrong throws `damaged`. `body` must not use the file. O(bytes).
  public func forEachRecord(
    _ body: (
      _ owner: String, _ stage: UInt32, _ key: UnsafeRawBufferPointer, _ codecVersion: UInt16,
      _ bytes: UnsafeRawBufferPointer
    ) throws -> Void
  ) throws {
    var thrown: (any Error)?
    try connection.read("reading the state") { db in
      let select = try BoundStatement(
        db,
        """
        SELECT owner, stage, key, codec_version, bytes, checksum FROM records
        ORDER BY owner, stage, key
        """)
      var owner = ""
      do {
        try select.execute { row in
          if !row.bytes(0).elementsEqual(owner.utf8) { owner = row.text(0) }
          let stage = UInt32(truncatingIfNeeded: row.int(1))
          let version = UInt16(truncatingIfNeeded: row.int(3))
          let checksum = Checksum.of(
            stage: stage, key: row.bytes(2), codecVersion: version, bytes: row.bytes(4))
          guard checksum == row.int(5) else {
            throw StoreError.damaged(
              path: connection.path, "a record of \(owner), stage \(stage) has a wrong checksum")
          }
          try body(owner, stage, row.bytes(2), version, row.bytes(4))
        }
      } catch let error as DatabaseError {
        throw error
      } catch {
        thrown = error
      }
    }
    if let thrown { throw thrown }
  }
}

/// A 64-bit checksum over a record: SQLite notices a torn page, not a flipped bit in a value.
enum Checksum {
  static func of(_ record: StateRecord) -> Int64 {
    record.key.key.withUnsafeBytes { key in
      record.bytes.withUnsafeBytes { bytes in
        of(
          stage: record.key.stage, key: key, codecVersion: record.codecVersion, bytes: bytes)
      }
    }
  }

  static func of(
    stage: UInt32, key: UnsafeRawBufferPointer, codecVersion: UInt16, bytes: UnsafeRawBufferPointer
  ) -> Int64 {
    var sum = mix(0x9E37_79B9_7F4A_7C15, UInt64(stage) << 16 | UInt64(codecVersion))
    sum = add(key, to: sum)
    sum = add(bytes, to: sum)
    return Int64(bitPattern: sum)
  }

  private static func add(_ bytes: UnsafeRawBufferPointer, to start: UInt64) -> UInt64 {
    var sum = mix(start, UInt64(bytes.count))
    var at = 0
    while at + 8 <= bytes.count {
      sum = mix(sum, UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
      at += 8
    }
    var rest: UInt64 = 0
    for byte in bytes[at...] { rest = rest << 8 | UInt64(byte) }
    return mix(sum, rest)
  }

  /// One round: a full 64×64 multiplication folded, so that every bit reaches every other.
  private static func mix(_ sum: UInt64, _ word: UInt64) -> UInt64 {
    let product = (sum ^ word).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
    return product.low ^ product.high ^ sum.byteSwapped
  }
}
