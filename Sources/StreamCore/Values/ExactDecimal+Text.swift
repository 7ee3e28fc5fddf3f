extension ExactDecimal {
  /// Reads a number's text (the grammar of `NumberText`) without passing through a double; what
  /// has more than 9 places is rounded half to even. Nil when it is no number or out of range.
  /// O(n), no allocation.
  public init?(_ bytes: UnsafeRawBufferPointer) {
    if let units = Self.short(bytes) {
      self.init(units: Int128(units))
      return
    }
    guard let scanned = ScannedNumber(bytes) else { return nil }
    let places = scanned.exponent + 9
    if scanned.mantissa == 0 {
      self.init(units: 0)
    } else if !scanned.truncated && places >= 0 {
      guard places <= 38 else { return nil }
      let (product, overflow) = UInt128(scanned.mantissa)
        .multipliedReportingOverflow(by: PowersOfTen.wide(places))
      if overflow { return nil }
      self.init(magnitude: product, negative: scanned.negative)
    } else {
      self.init(rounding: scanned, of: bytes)
    }
  }

  /// Billionths of a number of up to 9 digits, perhaps with a point in between, as amounts and
  /// counts mostly are: they fit in 64 bits. Nil for others, which may be numbers.
  @inline(__always)
  private static func short(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    let count = bytes.count
    guard count > 0, count <= 9, let text = bytes.baseAddress else { return nil }
    var mantissa: Int64 = 0
    var places = 0
    for at in 0..<count {
      let byte = text.load(fromByteOffset: at, as: UInt8.self)
      let digit = byte &- UInt8(ascii: "0")
      if digit < 10 {
        mantissa = mantissa &* 10 &+ Int64(digit)
        continue
      }
      guard byte == UInt8(ascii: "."), places == 0, at > 0, at < count &- 1 else { return nil }
      places = count &- 1 &- at
    }
    let wholes = places == 0 ? count : count &- 1 &- places
    if wholes > 1, text.load(as: UInt8.self) == UInt8(ascii: "0") { return nil }
    return mantissa &* Int64(PowersOfTen.small(9 &- places))
  }

  /// Takes the digits one by one up to the 9th place, then rounds by what is left.
  private init?(rounding scanned: ScannedNumber, of bytes: UnsafeRawBufferPointer) {
    // Digits up to and with this many after the point, counted as the text is written, are kept.
    let kept = 9 + scanned.writtenExponent
    var magnitude: UInt128 = 0
    var afterPoint = 0
    var seenPoint = false
    // Sizes of the part that is cut off: nothing, below, at or above half of the last place.
    var next: UInt8 = 0
    var sticky = false
    let pointIndex =
      scanned.digits.first { bytes[$0] == UInt8(ascii: ".") } ?? scanned.digits.upperBound
    for index in scanned.digits {
      if index == pointIndex {
        seenPoint = true
        continue
      }
      let digit = bytes[index] - UInt8(ascii: "0")
      if seenPoint { afterPoint += 1 } else { afterPoint = index + 1 - pointIndex }
      if afterPoint <= kept {
        let (tenfold, overflow) = magnitude.multipliedReportingOverflow(by: 10)
        if overflow { return nil }
        magnitude = tenfold + UInt128(digit)
        if magnitude > UInt128(Int128.max) { return nil }
      } else if afterPoint == kept + 1 {
        next = digit
      } else {
        sticky = sticky || digit != 0
      }
    }
    while afterPoint < kept, magnitude != 0 {
      let (tenfold, overflow) = magnitude.multipliedReportingOverflow(by: 10)
      if overflow { return nil }
      magnitude = tenfold
      afterPoint += 1
    }
    if next > 5 || (next == 5 && (sticky || magnitude & 1 == 1)) { magnitude += 1 }
    self.init(magnitude: magnitude, negative: scanned.negative)
  }
}
