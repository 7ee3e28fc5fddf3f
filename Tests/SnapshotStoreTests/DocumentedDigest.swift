import Digests
import Foundation

/// The result digest by the words of docs/schema.sql, with nothing of the store's own code.
enum DocumentedDigest {
  /// The sum of the digests of `rows`, each the table's name and the digested columns.
  static func sum(of rows: [[Any?]]) -> String {
    var sum = [UInt8](repeating: 0, count: 32)
    for columns in rows {
      var encoder = Encoder()
      for column in columns { encoder.add(column) }
      var carry = 0
      let digest = SHA256Digest.of(encoder.bytes)
      for place in (0..<32).reversed() {
        let total = Int(sum[place]) + Int(digest[place]) + carry
        sum[place] = UInt8(total & 255)
        carry = total >> 8
      }
    }
    return sum.map { String(format: "%02x", $0) }.joined()
  }

  private struct Encoder {
    var bytes: [UInt8] = []

    mutating func number(_ value: UInt64) {
      for shift in stride(from: UInt64(56), through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: value >> shift))
      }
    }

    mutating func add(_ value: Any?) {
      switch value {
      case let text as String:
        bytes.append(3)
        number(UInt64(text.utf8.count))
        bytes += Array(text.utf8)
      case let integer as Int64:
        bytes.append(1)
        number(UInt64(bitPattern: integer))
      case let real as Double:
        bytes.append(2)
        number(real == 0 ? 0 : real.bitPattern)
      default: bytes.append(0)
      }
    }
  }
}
