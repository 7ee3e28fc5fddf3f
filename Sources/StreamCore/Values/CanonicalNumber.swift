/// One text for each number: whole numbers as digits, others as the shortest decimal that reads
/// back as the same double, never with an exponent. `1`, `1.0` and `1e0` are all `1`.
enum CanonicalNumber {
  /// Appends a whole number.
  static func append(_ int: Int64, to out: inout [UInt8]) {
    if int < 0 { out.append(UInt8(ascii: "-")) }
    var rest = int.magnitude
    let start = out.count
    repeat {
      out.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    out[start...].reverse()
  }

  /// Appends a double; nothing, and false, when it is not finite.
  static func append(_ double: Double, to out: inout [UInt8]) -> Bool {
    guard double.isFinite else { return false }
    if let int = wholeNumber(double) {
      append(int, to: &out)
      return true
    }
    if double < 0 { out.append(UInt8(ascii: "-")) }
    // The standard library gives the shortest digits; only their layout is ours.
    var digits: [UInt8] = []
    var exponent = 0
    var point: Int?
    var text = double.magnitude.description
    text.withUTF8 { bytes in
      for (index, byte) in bytes.enumerated() {
        if byte == UInt8(ascii: ".") {
          point = digits.count
        } else if byte == UInt8(ascii: "e") {
          exponent = Int(String(decoding: bytes[(index + 1)...], as: UTF8.self)) ?? 0
          break
        } else {
          digits.append(byte)
        }
      }
    }
    lay(out: digits, point: (point ?? digits.count) + exponent, to: &out)
    return true
  }

  /// Appends `0.digits × 10^point`.
  private static func lay(out digits: [UInt8], point: Int, to out: inout [UInt8]) {
    let zero = UInt8(ascii: "0")
    let leading = digits.prefix { $0 == zero }.count
    let trailing = digits.reversed().prefix { $0 == zero }.count
    let significant = digits[leading..<max(leading, digits.count - trailing)]
    let whole = point - leading
    if whole <= 0 {
      out.append(zero)
      out.append(UInt8(ascii: "."))
      out.append(contentsOf: repeatElement(zero, count: -whole))
      out.append(contentsOf: significant)
    } else {
      out.append(contentsOf: significant.prefix(whole))
      out.append(contentsOf: repeatElement(zero, count: max(0, whole - significant.count)))
      if significant.count > whole {
        out.append(UInt8(ascii: "."))
        out.append(contentsOf: significant.dropFirst(whole))
      }
    }
  }

  /// Appends the number that `bytes` say; nothing, and false, when they are no number or it is too
  /// large. A whole number written as plain digits keeps them all, however many.
  static func append(token bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) -> Bool {
    guard let scanned = ScannedNumber(bytes) else { return false }
    if let int = scanned.int64 {
      append(int, to: &out)
      return true
    }
    if scanned.isPlain {
      if scanned.negative { out.append(UInt8(ascii: "-")) }
      out.append(contentsOf: bytes[scanned.digits])
      return true
    }
    guard let double = scanned.double(bytes) else { return false }
    return append(double, to: &out)
  }
}
