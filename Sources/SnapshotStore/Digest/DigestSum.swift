import Crypto

/// A sum of SHA-256 digests modulo 2^256: the same whatever the order of its terms.
///
/// It finds differences; it is no defence against somebody who constructs rows to cancel out.
struct DigestSum: Equatable {
  /// Least significant first.
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  /// The sum of nothing.
  init() {}

  /// Reads what `hex` writes; nil for anything else.
  init?(hex: String) {
    guard hex.utf8.count == 64, hex.utf8.allSatisfy(Hex.isDigit) else { return nil }
    let parts = (0..<4).map { part -> UInt64? in
      UInt64(
        String(decoding: Array(hex.utf8)[(part * 16)..<(part * 16 + 16)], as: UTF8.self), radix: 16)
    }
    guard let a = parts[0], let b = parts[1], let c = parts[2], let d = parts[3] else { return nil }
    words = (d, c, b, a)
  }

  /// 64 hexadecimal digits, most significant first.
  var hex: String {
    withUnsafeBytes(
      of: (words.3.bigEndian, words.2.bigEndian, words.1.bigEndian, words.0.bigEndian)
    ) { Hex.text($0) }
  }

  /// Adds the digest of `row`, canonically encoded.
  mutating func add(row: UnsafeRawBufferPointer) { self += DigestSum(sha256Of: row) }

  /// Takes the digest of `row` out again.
  mutating func subtract(row: UnsafeRawBufferPointer) { self -= DigestSum(sha256Of: row) }

  private init(sha256Of bytes: UnsafeRawBufferPointer) {
    var hash = SHA256()
    hash.update(bufferPointer: bytes)
    words = hash.finalize().withUnsafeBytes { digest in
      func word(_ index: Int) -> UInt64 {
        UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
      }
      return (word(3), word(2), word(1), word(0))
    }
  }

  static func += (a: inout DigestSum, b: DigestSum) {
    var carry: UInt64 = 0
    func add(_ x: inout UInt64, _ y: UInt64) {
      let (partial, first) = x.addingReportingOverflow(y)
      let (whole, second) = partial.addingReportingOverflow(carry)
      x = whole
      carry = first || second ? 1 : 0
    }
    add(&a.words.0, b.words.0)
    add(&a.words.1, b.words.1)
    add(&a.words.2, b.words.2)
    add(&a.words.3, b.words.3)
  }

  static func -= (a: inout DigestSum, b: DigestSum) {
    var borrow: UInt64 = 0
    func subtract(_ x: inout UInt64, _ y: UInt64) {
      let (partial, first) = x.subtractingReportingOverflow(y)
      let (whole, second) = partial.subtractingReportingOverflow(borrow)
      x = whole
      borrow = first || second ? 1 : 0
    }
    subtract(&a.words.0, b.words.0)
    subtract(&a.words.1, b.words.1)
    subtract(&a.words.2, b.words.2)
    subtract(&a.words.3, b.words.3)
  }

  static func == (a: DigestSum, b: DigestSum) -> Bool { a.words == b.words }
}

/// Hexadecimal text.
enum Hex {
  /// Two lower-case digits for each byte.
  static func text(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digit(byte >> 4))
      text.append(digit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
  }

  static func isDigit(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (97...102).contains(byte)
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
}
