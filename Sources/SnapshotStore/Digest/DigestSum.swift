import Digests

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

  private init(sha256Of bytes: UnsafeRawBufferPointer) { words = SHA256Digest.words(of: bytes) }

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
