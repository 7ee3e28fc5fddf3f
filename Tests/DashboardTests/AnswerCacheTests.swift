import Foundation
import Synchronization
import Testing

@testable import Dashboard

@Suite struct AnswerCacheTests {
  private let key = AnswerCache.Key(
    target: "/", language: .english, visitor: Visitor(name: nil, rights: .read, formKey: nil))

  @Test("an answer is made once for a version, however many ask at once")
  func once() {
    let cache = AnswerCache()
    let made = Atomic<Int>(0)
    for version in Int64(1)...3 {
      DispatchQueue.concurrentPerform(iterations: 64) { _ in
        let answer = try? cache.answer(key, version: version) {
          made.add(1, ordering: .relaxed)
          return .text("\(version)")
        }
        #expect(answer?.body == Array("\(version)".utf8))
      }
      #expect(made.load(ordering: .relaxed) == Int(version))
    }
  }

  @Test("what fails is not kept, and neither is what is not well")
  func failures() throws {
    let cache = AnswerCache()
    #expect(throws: Problem.self) {
      try cache.answer(key, version: 1) { throw Problem.notFound("it") }
    }
    var failed = Answer.text("later")
    failed.status = .serviceUnavailable
    let unwell = failed
    #expect(try cache.answer(key, version: 1) { unwell }.status == .serviceUnavailable)
    #expect(try cache.answer(key, version: 1) { .text("now") }.status == .ok)
  }

  @Test("readers who see different things get different answers")
  func visitors() throws {
    let cache = AnswerCache()
    for (index, rights) in [ConsoleRights.read, [.read, .reveal], [.read, .write]].enumerated() {
      var other = key
      other.visitor.rights = rights
      let answer = try cache.answer(other, version: 1) { .text("\(index)") }
      #expect(answer.body == Array("\(index)".utf8))
    }
  }
}
