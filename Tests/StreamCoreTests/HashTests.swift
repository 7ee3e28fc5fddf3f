import Testing

@testable import StreamCore

@Suite struct HashTests {
  private func hash(_ text: String, seed: UInt64 = 0) -> UInt64 {
    Array(text.utf8).withUnsafeBytes { Hash64.of($0, seed: seed) }
  }

  @Test func `the published test vectors of wyhash hold`() {
    #expect(hash("", seed: 0) == 0x9322_8a4d_e0ee_c5a2)
    #expect(hash("a", seed: 1) == 0xc5ba_c3db_1787_13c4)
    #expect(hash("abc", seed: 2) == 0xa97f_2f7b_1d9b_3314)
    #expect(hash("message digest", seed: 3) == 0x786d_1f1d_f380_1df4)
    #expect(hash("abcdefghijklmnopqrstuvwxyz", seed: 4) == 0xdca5_a813_8ad3_7c87)
  }

  @Test func `hashes in stored state keep their values`() {
    let golden: [(bytes: Int, hash: UInt64, pair: UInt64)] = [
      (5, 0x23fd_1e5d_bb38_410b, 0x8c07_5ff6_67da_0193),
      (11, 0xd7a1_5eff_6cc3_ae8e, 0x07a4_cc47_cb89_5480),
      (16, 0x88de_385a_856c_fb95, 0x8b3c_1f55_f6b6_953d),
      (17, 0x6d35_345a_7d95_9e03, 0x1599_f4c3_af0a_17ed),
      (48, 0xb23c_de06_ca2c_b8a2, 0x931b_b337_b5c2_42bc),
      (49, 0x65d9_5414_ff45_db45, 0x467d_e506_078b_c453),
      (96, 0x9432_1cd6_dd75_9e53, 0x8cca_1447_6f08_4c03),
      (200, 0xf296_9f9a_ac4a_ebc5, 0xb1c2_bbca_0618_1c8f),
    ]
    for (count, expected, pair) in golden {
      let text = String(repeating: "0123456789abcdef", count: 13).prefix(count)
      #expect(hash(String(text)) == expected)
      #expect(Hash64.combine(UInt64(count), 7) == pair)
    }
  }

  @Test func `the order of a pair counts`() {
    #expect(Hash64.combine(1, 2) != Hash64.combine(2, 1))
  }

  @Test func `similar texts spread over all high bits`() {
    var seen: Set<UInt64> = []
    var buckets = [Int](repeating: 0, count: 256)
    for user in 0..<65_536 {
      let value = hash("user\(user)")
      seen.insert(value)
      buckets[Int(value >> 56)] += 1
    }
    #expect(seen.count == 65_536)
    // 256 expected in each: more than 6 standard deviations away is no accident.
    #expect(buckets.allSatisfy { (160...352).contains($0) })
  }
}
