import StreamCore

extension EventTime {
  /// Whether it is the watermark of an input that has ended, which is past every time.
  public var isEndOfInput: Bool { ms >= EventTime.distantFuture.ms / 2 }
}
