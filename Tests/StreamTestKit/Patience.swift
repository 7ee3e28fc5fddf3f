/// How long tests wait for what happens in its own time, in another process or thread, before they
/// give up: longer than a busy machine takes for anything.
public enum Patience {
  /// In milliseconds.
  public static let ms = 300_000
  /// The same, as the client of Kafka takes it.
  public static let timeoutMs = Int32(ms)
  /// The same.
  public static var duration: Duration { .milliseconds(ms) }
}
