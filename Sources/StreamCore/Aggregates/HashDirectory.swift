/// The segments of a large `HashSet64`, addressed by the first `depth` bits of the hash.
///
/// Its elements are segment numbers, one for each value of those bits. A segment that needs fewer
/// bits than the directory has is found under several values, which are neighbours.
final class HashDirectory: ManagedBuffer<HashDirectory.Header, UInt32> {
  struct Header {
    /// Bits of the hash that choose a segment, 1 ... 32.
    var depth: UInt64
    /// In the order in which they were made.
    var segments: ContiguousArray<HashSegment>
  }

  /// Inserts a hash. The caller has the only reference to the directory.
  @inline(__always)
  static func insert(
    _ hash: UInt64, _ header: UnsafeMutablePointer<Header>, _ numbers: UnsafeMutablePointer<UInt32>
  ) -> HashSegment.Outcome {
    let number = Int(numbers[Int(truncatingIfNeeded: hash &>> (64 &- header.pointee.depth))])
    if !isKnownUniquelyReferenced(&header.pointee.segments[number]) {
      header.pointee.segments[number] = header.pointee.segments[number].copied()
    }
    return header.pointee.segments[number].withUnsafeMutablePointers {
      HashSegment.insert(hash, $0, $1)
    }
  }

  /// A directory of one bit, of the two halves of a segment.
  static func make(splitting full: HashSegment) -> HashDirectory {
    let halves = full.split()
    let made = allocate(Header(depth: 1, segments: [halves.low, halves.high]))
    made.withUnsafeMutablePointerToElements {
      $0[0] = 0
      $0[1] = 1
    }
    return made
  }

  /// The segment that holds a hash if any does.
  func segment(of hash: UInt64) -> HashSegment {
    header.segments[number(of: hash)]
  }

  /// Makes room in the segment of `hash`. The caller has the only reference to the directory, which
  /// it replaces with the result.
  func relieved(at hash: UInt64) -> HashDirectory {
    let number = number(of: hash)
    let full = header.segments[number]
    if full.header.count < HashSegment.largestCount {
      header.segments[number] = full.grown()
      return self
    }
    if full.header.depth < header.depth {
      split(number, at: hash)
      return self
    }
    // With evenly spread hashes all segments split at about the same time and the directory stays
    // about as long as there are segments. With others it must not grow without bound.
    if 2 << header.depth > 16 * (header.segments.count + 1) {
      header.segments[number] = full.grown()
      return self
    }
    let larger = doubled()
    larger.split(number, at: hash)
    return larger
  }

  /// Calls `body` with every segment, in the order of the hashes.
  @inline(__always)
  func forEachSegment(_ body: (HashSegment) -> Void) {
    withUnsafeMutablePointers { header, numbers in
      for index in 0..<(1 << header.pointee.depth)
      where index == 0 || numbers[index] != numbers[index - 1] {
        body(header.pointee.segments[Int(numbers[index])])
      }
    }
  }

  /// A copy that shares the segments.
  func copied() -> HashDirectory {
    let copy = Self.allocate(header)
    withUnsafeMutablePointerToElements { numbers in
      copy.withUnsafeMutablePointerToElements {
        $0.update(from: numbers, count: 1 << header.depth)
      }
    }
    return copy
  }

  /// Bytes of memory it takes, segments included.
  var byteCount: Int {
    let own = (4 << Int(header.depth)) + header.segments.count * 8 + 80
    return header.segments.reduce(own) { $0 + $1.byteCount }
  }

  private static func allocate(_ header: Header) -> HashDirectory {
    let made = create(minimumCapacity: 1 << header.depth) { _ in header }
    made.withUnsafeMutablePointerToElements {
      $0.initialize(repeating: 0, count: 1 << header.depth)
    }
    return unsafeDowncast(made, to: HashDirectory.self)
  }

  private func number(of hash: UInt64) -> Int {
    withUnsafeMutablePointers { header, numbers in
      Int(numbers[Int(truncatingIfNeeded: hash >> (64 - header.pointee.depth))])
    }
  }

  private func split(_ number: Int, at hash: UInt64) {
    let halves = header.segments[number].split()
    let high = UInt32(header.segments.count)
    let depth = halves.high.header.depth
    header.segments[number] = halves.low
    header.segments.append(halves.high)
    let prefix = Int(truncatingIfNeeded: hash >> (64 - depth)) | 1
    let unused = header.depth - depth
    withUnsafeMutablePointerToElements {
      ($0 + (prefix << unused)).update(repeating: high, count: 1 << unused)
    }
  }

  private func doubled() -> HashDirectory {
    let larger = Self.allocate(Header(depth: header.depth + 1, segments: header.segments))
    // From here on the segments are written through the larger directory only.
    header.segments = []
    withUnsafeMutablePointers { header, numbers in
      larger.withUnsafeMutablePointerToElements {
        for index in 0..<(1 << header.pointee.depth) {
          $0[2 * index] = numbers[index]
          $0[2 * index + 1] = numbers[index]
        }
      }
    }
    return larger
  }
}
