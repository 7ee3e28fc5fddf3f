// Records of the state file.

extension UserPage {
  /// Appends the records as they lie in memory. O(bytes).
  func encode(into writer: inout ByteWriter) {
    let header = header
    writer.writeVarint(UInt64(header.count))
    writer.writeVarint(UInt64(header.recordBytes))
    withUnsafeMutablePointerToElements { elements in
      let base = UnsafeRawPointer(elements)
      writer.append(UnsafeRawBufferPointer(start: base, count: Int(header.count) * 2))
      writer.append(
        UnsafeRawBufferPointer(
          start: base + Int(header.capacity - header.recordBytes), count: Int(header.recordBytes)))
    }
  }

  /// The key of its record of the state file: its depth and its prefix.
  var stateKey: [UInt8] {
    var key = [header.depth]
    for shift in stride(from: 56, through: 0, by: -8) {
      key.append(UInt8(truncatingIfNeeded: header.prefix >> UInt64(shift)))
    }
    return key
  }

  /// Reads what `encode` wrote, and checks that the slots fit the records.
  static func decode(
    depth: UInt8, prefix: UInt64, from reader: inout ByteReader
  ) throws(CodecError) -> UserPage {
    let count = try reader.readCount("records of a page", elementBytes: 2)
    let recordBytes = try reader.readCount("bytes of a page", elementBytes: 1)
    let slots = try reader.readRaw(count * 2, "slots of a page")
    let records = try reader.readRaw(recordBytes, "records of a page")
    var sum = 0
    var hasLong = false
    for slot in 0..<count {
      let code = slots[slot * 2 + 1]
      guard length(code) >= keyBytes(depth) else {
        throw reader.invalid("length of a user's record")
      }
      hasLong = hasLong || code > shortLimit
      sum += length(code)
    }
    guard sum == recordBytes else { throw reader.invalid("page of users") }
    let capacity = (count * 2 + recordBytes + recordBytes / 8 + 48) & ~15
    let page = make(depth: depth, prefix: prefix, capacity: capacity)
    page.header.count = Int32(count)
    page.header.recordBytes = Int32(recordBytes)
    page.header.hasLong = hasLong
    page.withUnsafeMutablePointerToElements { elements in
      let base = UnsafeMutableRawPointer(elements)
      slots.withUnsafeBytes {
        base.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(base), byteCount: $0.count)
      }
      records.withUnsafeBytes {
        (base + (capacity - recordBytes)).copyMemory(
          from: $0.baseAddress ?? UnsafeRawPointer(base), byteCount: $0.count)
      }
    }
    return page
  }
}
