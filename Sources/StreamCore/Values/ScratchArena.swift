/// Memory for text made while a block of events is handled: unescaped strings, joined strings.
///
/// A bump allocator that keeps its largest chunks. Everything handed out is valid until `reset()`.
/// Not for use from two threads.
public final class ScratchArena {
  private var chunks: [UnsafeMutableRawBufferPointer] = []
  private var current = 0
  private var used = 0
  private let chunkBytes: Int

  /// Makes an arena whose chunks hold `chunkBytes` bytes; a larger request gets a chunk of its own.
  public init(chunkBytes: Int = 1 << 16) {
    self.chunkBytes = chunkBytes
  }

  deinit {
    for chunk in chunks { chunk.deallocate() }
  }

  /// Bytes for `count` bytes of text, uninitialised. O(1) amortised.
  public func allocate(_ count: Int) -> UnsafeMutableRawBufferPointer {
    while current < chunks.count {
      let chunk = chunks[current]
      if used + count <= chunk.count {
        let start = used
        used += count
        return UnsafeMutableRawBufferPointer(rebasing: chunk[start..<(start + count)])
      }
      current += 1
      used = 0
    }
    chunks.append(.allocate(byteCount: max(chunkBytes, count), alignment: 16))
    used = count
    return UnsafeMutableRawBufferPointer(rebasing: chunks[current][0..<count])
  }

  /// Takes everything back. Chunks larger than the usual size are given up.
  public func reset() {
    current = 0
    used = 0
    if chunks.count > 4 {
      for chunk in chunks[1...] { chunk.deallocate() }
      chunks.removeSubrange(1...)
    }
  }
}
