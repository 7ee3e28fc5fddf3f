import Testing

@testable import StreamCore

@Suite struct CodecTests {
  @Test func `every kind of value survives`() throws {
    let seed: UInt64 = 17
    var random = AggregateRandom(seed: seed)
    for _ in 0..<300 {
      let shift = UInt64.random(in: 0...63, using: &random)
      let unsigned = random.next() >> shift
      let signed = Int64(bitPattern: random.next()) >> Int64(shift)
      let wide = Int128(signed) * Int128(Int64.max) + Int128(shift)
      let raw = (0..<Int.random(in: 0...40, using: &random)).map { UInt8($0) }
      let text = String(repeating: "é漢", count: raw.count)
      let bytes = ByteWriter.bytes {
        $0.writeByte(UInt8(shift))
        $0.writeBool(shift > 30)
        $0.writeFixed(unsigned)
        $0.writeFixed(Int32(truncatingIfNeeded: signed))
        $0.writeFixed(wide)
        $0.writeVarint(unsigned)
        $0.writeSignedVarint(signed)
        $0.writeDouble(Double(bitPattern: unsigned))
        $0.writeBytes(raw)
        $0.writeText(text)
      }
      var reader = ByteReader(bytes)
      #expect(try reader.readByte("byte") == UInt8(shift))
      #expect(try reader.readBool("bool") == (shift > 30))
      #expect(try reader.readFixed(UInt64.self, "fixed") == unsigned)
      #expect(try reader.readFixed(Int32.self, "fixed") == Int32(truncatingIfNeeded: signed))
      #expect(try reader.readFixed(Int128.self, "wide") == wide)
      #expect(try reader.readVarint("varint") == unsigned)
      #expect(try reader.readSignedVarint("signed") == signed)
      #expect(try reader.readDouble("double").bitPattern == unsigned)
      #expect(try reader.readBytes("bytes") == raw)
      #expect(try reader.readText("text") == text)
      try reader.finish("record")
    }
  }

  @Test func `extreme integers survive`() throws {
    for value in [Int64.min, -1, 0, 1, 63, 64, -64, -65, .max] {
      var reader = ByteReader(ByteWriter.bytes { $0.writeSignedVarint(value) })
      #expect(try reader.readSignedVarint("value") == value)
    }
  }

  @Test func `fixed integers are little-endian, small varints one byte`() {
    #expect(ByteWriter.bytes { $0.writeFixed(UInt32(0x0102_0304)) } == [4, 3, 2, 1])
    #expect(ByteWriter.bytes { $0.writeVarint(127) } == [127])
    #expect(ByteWriter.bytes { $0.writeVarint(300) } == [0xac, 2])
    #expect(ByteWriter.bytes { $0.writeSignedVarint(-1) } == [1])
  }

  @Test func `an error names the value and where it begins`() {
    var reader = ByteReader([1, 2, 3])
    #expect(throws: CodecError(.truncated, "amount", at: 1)) {
      _ = try reader.readByte("kind")
      _ = try reader.readFixed(Int64.self, "amount")
    }
    #expect(throws: CodecError(.trailing, "record", at: 1)) { try reader.finish("record") }
    #expect("\(CodecError(.truncated, "amount", at: 1))".contains("amount"))
  }

  @Test func `garbage is refused: long varints, other booleans, hostile lengths, broken UTF-8`() {
    func refused(_ bytes: [UInt8], _ read: (inout ByteReader) throws -> Void) -> Bool {
      var reader = ByteReader(bytes)
      do {
        try read(&reader)
        return false
      } catch {
        return error is CodecError
      }
    }
    #expect(refused([0x80, 0]) { _ = try $0.readVarint("v") })
    #expect(refused([UInt8](repeating: 0xff, count: 11)) { _ = try $0.readVarint("v") })
    #expect(refused([UInt8](repeating: 0xff, count: 9) + [2]) { _ = try $0.readVarint("v") })
    #expect(refused([2]) { _ = try $0.readBool("b") })
    let huge = ByteWriter.bytes { $0.writeVarint(.max) }
    #expect(refused(huge + [1, 2, 3]) { _ = try $0.readBytes("b") })
    #expect(refused(huge + [1, 2, 3]) { _ = try $0.readCount("c", elementBytes: 0) })
    #expect(refused([2, 0xc3, 0x28]) { _ = try $0.readText("t") })
    #expect(refused([1, 2]) { _ = try $0.readRaw(3, "r") })
    #expect(refused([1, 2]) { _ = try $0.readRaw(-1, "r") })
  }
}
