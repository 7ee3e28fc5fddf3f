import Testing

@testable import StreamCore

@Suite struct DistinctSketchTests {
  private func bytes(_ sketch: DistinctSketch) -> [UInt8] {
    ByteWriter.bytes { sketch.encode(into: &$0) }
  }

  @Test("order, repetition and merging change nothing", arguments: [0, 5, 1023, 1024, 1025, 8000])
  func orderFree(size: Int) {
    for seed: UInt64 in 1...2 {
      var random = AggregateRandom(seed: seed)
      let hashes = (0..<size).map { _ in random.next() }
      var straight = DistinctSketch()
      for hash in hashes { straight.insert(hash) }
      var parts = [DistinctSketch](repeating: DistinctSketch(), count: 7)
      for hash in hashes.shuffled(using: &random) {
        for _ in 0..<Int.random(in: 1...2, using: &random) {
          parts[Int.random(in: 0..<7, using: &random)].insert(hash)
        }
        if let first = hashes.first { parts[0].insert(first) }
      }
      if let any = hashes.last { parts[0].insert(any) }
      for hash in hashes { parts[2].insert(hash) }
      while parts.count > 1 {
        let taken = parts.remove(at: Int.random(in: 0..<parts.count, using: &random))
        parts[Int.random(in: 0..<parts.count, using: &random)].merge(taken)
      }
      #expect(bytes(parts[0]) == bytes(straight), "seed \(seed)")
      #expect(parts[0].estimate == straight.estimate && parts[0] == straight)
      #expect(straight.isApproximate == (size > 1024))
      if size <= 1024 { #expect(straight.estimate == Int64(size)) }
    }
  }

  @Test func `estimates are within 3% from a thousand to half a million`() {
    var worst = 0.0
    for seed: UInt64 in 1...6 {
      var random = AggregateRandom(seed: seed)
      var sketch = DistinctSketch()
      var next = 1025.0
      let largest = seed == 1 ? 500_000 : 30_000
      for number in 1...largest {
        sketch.insert(random.next())
        guard Double(number) >= next else { continue }
        next *= 1.3
        let error = abs(Double(sketch.estimate) - Double(number)) / Double(number)
        worst = max(worst, error)
        #expect(error <= 0.03, "seed \(seed) at \(number): \(sketch.estimate)")
      }
    }
    #expect(worst > 0.0005, "an estimate that is never off is no estimate")
  }

  @Test("encodings survive and damage is found", arguments: [0, 100, 2000])
  func codec(size: Int) throws {
    var random = AggregateRandom(seed: 9)
    var sketch = DistinctSketch()
    for _ in 0..<size { sketch.insert(random.next()) }
    try checkCodec(
      bytes(sketch), seed: 9, decode: { try DistinctSketch(from: &$0) },
      encode: { $0.encode(into: &$1) })
  }
}

@Suite struct QuantileSketchTests {
  private func sketch(_ values: [Double]) -> QuantileSketch {
    var sketch = QuantileSketch()
    for value in values { sketch.insert(value) }
    return sketch
  }

  private func check(_ values: [Double], _ what: String) {
    let sketch = sketch(values)
    let sorted = values.sorted()
    #expect(sketch.count == Int64(values.count))
    for hundredths in [0, 1, 5, 25, 50, 75, 90, 95, 99, 100] {
      let rank = max(1, (values.count * hundredths + 99) / 100)
      let exact = sorted[rank - 1]
      let found = sketch.quantile(hundredths: hundredths)
      let error = abs(found - exact)
      #expect(error <= 0.01 * exact.magnitude, "\(what), p\(hundredths): \(found), not \(exact)")
    }
  }

  @Test func `quantiles of random numbers are within 1%`() {
    for seed: UInt64 in 1...60 {
      var random = AggregateRandom(seed: seed)
      let count = Int.random(in: 1...2000, using: &random)
      let exponents = -40.0...Double.random(in: -30...40, using: &random)
      let negatives = Double.random(in: 0...1, using: &random)
      let values = (0..<count).map { _ -> Double in
        let power = Double(
          sign: .plus, exponent: Int(Double.random(in: exponents, using: &random)),
          significand: Double.random(in: 1..<2, using: &random))
        switch Double.random(in: 0...1, using: &random) {
        case ..<0.05: return 0
        case ..<negatives: return -power
        default: return power
        }
      }
      check(values, "seed \(seed)")
    }
  }

  @Test func `any single number is within 1%, at the edges of buckets too`() {
    var random = AggregateRandom(seed: 4)
    for exponent in stride(from: -64, to: 64, by: 7) {
      for part in 0..<64 {
        let power = Double(sign: .plus, exponent: exponent, significand: 1)
        let edge = power * (1 + Double(part) / 64)
        let inside = power * (1 + (Double(part) + Double.random(in: 0..<1, using: &random)) / 64)
        for value in [edge, edge.nextUp, edge.nextDown, inside, -edge, -inside]
        where value.magnitude.exponent >= -64 {
          let error = abs(sketch([value]).quantile(hundredths: 50) - value)
          if error > 0.01 * value.magnitude { Issue.record("\(value) is off by \(error)") }
        }
      }
    }
  }

  @Test func `order and merging change nothing`() {
    for seed: UInt64 in 1...20 {
      var random = AggregateRandom(seed: seed)
      let values = (0..<500).map { _ in Double.random(in: -50...100_000, using: &random) }
      var parts = [QuantileSketch](repeating: QuantileSketch(), count: 5)
      for value in values.shuffled(using: &random) {
        parts[Int.random(in: 0..<5, using: &random)].insert(value)
      }
      while parts.count > 1 {
        let taken = parts.remove(at: Int.random(in: 0..<parts.count, using: &random))
        parts[Int.random(in: 0..<parts.count, using: &random)].merge(taken)
      }
      #expect(parts[0] == sketch(values), "seed \(seed)")
      #expect(
        ByteWriter.bytes { parts[0].encode(into: &$0) }
          == ByteWriter.bytes { sketch(values).encode(into: &$0) })
    }
  }

  @Test func `what is taken out is as if it had never come`() {
    for seed: UInt64 in 1...20 {
      var random = AggregateRandom(seed: seed)
      // Some numbers come several times.
      let values = (0..<400).map { _ in
        Double(Int.random(in: -20...200, using: &random)) * 10_000
      }
      let shuffled = values.shuffled(using: &random)
      let gone = Int.random(in: 0...values.count, using: &random)
      var less = sketch(values)
      for value in shuffled[..<gone] { less.remove(value) }
      #expect(less == sketch(Array(shuffled[gone...])), "seed \(seed)")
      // What is not in it cannot be taken out.
      less.remove(1e15)
      less.remove(.nan)
      #expect(less == sketch(Array(shuffled[gone...])), "seed \(seed)")
      for value in shuffled[gone...] { less.remove(value) }
      #expect(less == QuantileSketch() && less.quantile(hundredths: 50).isNaN)
      less.remove(0)
      #expect(less == QuantileSketch())
    }
    var endless = sketch([.infinity])
    endless.remove(.nan)
    #expect(endless == sketch([.infinity]))
  }

  @Test func `zeros, extremes and numbers that are none`() {
    #expect(QuantileSketch().quantile(hundredths: 50).isNaN)
    var sketch = QuantileSketch()
    #expect(!sketch.insert(.nan) && sketch.count == 0)
    for value in [-0.0, 0.0, .leastNonzeroMagnitude, -1e-300] { sketch.insert(value) }
    #expect(sketch.quantile(hundredths: 1) == 0 && sketch.quantile(hundredths: 99) == 0)
    sketch.insert(.infinity)
    sketch.insert(-.greatestFiniteMagnitude)
    #expect(sketch.quantile(hundredths: 100).isFinite && sketch.quantile(hundredths: 0).isFinite)
    #expect(sketch.quantile(hundredths: 100) > 1e19 && sketch.quantile(hundredths: 0) < -1e19)
    #expect(sketch.quantile(hundredths: 500) == sketch.quantile(hundredths: 100))
  }

  @Test func `encodings survive and damage is found`() throws {
    var random = AggregateRandom(seed: 12)
    for count in [0, 1, 400] {
      let value = sketch((0..<count).map { _ in Double.random(in: -10...1000, using: &random) })
      try checkCodec(
        ByteWriter.bytes { value.encode(into: &$0) }, seed: 12,
        decode: { try QuantileSketch(from: &$0) }, encode: { $0.encode(into: &$1) })
    }
  }

  @Test func `merging sketches with full buckets neither traps nor depends on the order`() throws {
    let full = ByteWriter.bytes {
      $0.writeVarint(1)
      $0.writeVarint(9000)
      $0.writeVarint(1 << 48 - 1)
    }
    var reader = ByteReader(full)
    var a = try QuantileSketch(from: &reader)
    let b = a
    a.merge(b)
    #expect(a == b)
    let value = a.quantile(hundredths: 50)
    a.insert(value)
    #expect(a == b)
  }
}
