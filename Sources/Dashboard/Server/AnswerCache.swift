import Foundation

/// What was answered since the last commit to the file, so that many readers cost as much as one.
///
/// Limits: `countMax` answers and `bytesMax` bytes; beyond, the oldest go. An answer is made once
/// however many ask for it at the same time.
///
/// `@unchecked Sendable`: everything is read and written under the condition's lock.
final class AnswerCache: @unchecked Sendable {
  static let countMax = 512
  static let bytesMax = 64 << 20

  /// Whose answer it is: pages differ by language and by who looks.
  struct Key: Hashable {
    var target: String
    var language: Language
    var visitor: Visitor
    /// Tells answers apart that are made anew with time.
    var moment: Int64 = 0
  }

  private let condition = NSCondition()
  private var version: Int64 = -1
  private var answers: [Key: Answer] = [:]
  /// Keys of `answers`, the oldest first.
  private var order: [Key] = []
  private var bytes = 0
  private var underWay: Set<Key> = []

  /// The answer of that version of the file, made by `make` unless it is there.
  func answer(_ key: Key, version: Int64, _ make: () throws -> Answer) throws -> Answer {
    condition.lock()
    while true {
      if version != self.version {
        self.version = version
        answers = [:]
        order = []
        bytes = 0
      }
      if let answer = answers[key] {
        condition.unlock()
        return answer
      }
      if underWay.insert(key).inserted { break }
      condition.wait()
    }
    condition.unlock()
    let result = Result { try make() }
    condition.lock()
    underWay.remove(key)
    if case .success(let answer) = result, answer.status == .ok, version == self.version {
      answers[key] = answer
      order.append(key)
      bytes += answer.body.count
      dropOldest()
    }
    condition.broadcast()
    condition.unlock()
    return try result.get()
  }

  private func dropOldest() {
    var gone = 0
    while order.count - gone > 1, order.count - gone > Self.countMax || bytes > Self.bytesMax {
      bytes -= answers.removeValue(forKey: order[gone])?.body.count ?? 0
      gone += 1
    }
    order.removeFirst(gone)
  }
}
