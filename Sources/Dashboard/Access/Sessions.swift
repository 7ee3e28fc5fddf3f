import Digests
import StreamCore
import Synchronization

/// Who has signed in, in memory: a restart signs everybody out.
///
/// Limits: `countMax` sessions, the oldest go first; each ends after `lifeMs`. After `failuresMax`
/// unknown tokens within `failureSpanMs` further unknown ones are a problem; known ones are not.
final class Sessions: Sendable {
  static let countMax = 1_000
  static let lifeMs: Int64 = 12 * 3_600_000
  static let failuresMax = 20
  static let failureSpanMs: Int64 = 60_000
  static let cookie = "weir_session"

  /// One signed-in reader.
  struct Session: Sendable {
    var token: ConsoleToken
    /// What forms have to send back.
    var formKey: String
    var since: WallTime
  }

  private struct State {
    /// By the digest of the id, so that the time of a look-up tells nothing about ids.
    var sessions: [[UInt8]: Session] = [:]
    var failures: [WallTime] = []
  }

  private let state = Mutex(State())
  private let book: TokenBook

  init(_ book: TokenBook) { self.book = book }

  /// The token with this secret; nil for an unknown one. Throws a problem when too many were
  /// unknown of late.
  func token(secret: String, now: WallTime) throws -> ConsoleToken? {
    if let token = book.token(secret: secret) { return token }
    try state.withLock { state in
      state.failures.removeAll { now.ms - $0.ms >= Self.failureSpanMs || $0.ms > now.ms }
      guard state.failures.count < Self.failuresMax else {
        throw Problem(
          .tooManyRequests, "too many unknown tokens were tried",
          whatToDo: "Wait a minute and try again", kind: .tooManyTokens,
          headers: [.retryAfter: "60"])
      }
      state.failures.append(now)
    }
    return nil
  }

  /// Signs in; the new session's id, or nil for an unknown token. Throws as `token` does.
  func begin(secret: String, now: WallTime) throws -> String? {
    guard let token = try token(secret: secret, now: now) else { return nil }
    return state.withLock { state in
      state.sessions = state.sessions.filter { now.ms - $0.value.since.ms < Self.lifeMs }
      if state.sessions.count >= Self.countMax,
        let oldest = state.sessions.min(by: { $0.value.since < $1.value.since })
      {
        state.sessions[oldest.key] = nil
      }
      let id = Self.randomText()
      state.sessions[SHA256Digest.of(id.utf8)] = Session(
        token: token, formKey: Self.randomText(), since: now)
      return id
    }
  }

  /// The session of this id, if it goes on.
  func session(_ id: String, now: WallTime) -> Session? {
    let session = state.withLock { $0.sessions[SHA256Digest.of(id.utf8)] }
    guard let session, now.ms - session.since.ms < Self.lifeMs else { return nil }
    return session
  }

  /// Signs out.
  func end(_ id: String) {
    state.withLock { $0.sessions[SHA256Digest.of(id.utf8)] = nil }
  }

  /// 256 bits in hexadecimal.
  private static func randomText() -> String { Hex.text(SecretBytes.make(32)) }
}
