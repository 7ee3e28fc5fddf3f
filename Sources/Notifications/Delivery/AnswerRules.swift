import Foundation
import StreamCore

/// What a destination answered, as much of it as is read.
struct DeliveryAnswer: Sendable {
  var status: Int
  var retryAfter: String?
  var location: String?
  var body: [UInt8] = []
}

/// What answers mean. Pure; texts of errors hold the host, numbers and words of ours, nothing else.
enum AnswerRules {
  /// What to do after an answer.
  enum Verdict: Equatable {
    case ended(DeliveryResult)
    /// Send the same to this address, which is on the same host.
    case follow(URL)
  }

  /// Longest pause that a destination may ask for.
  static let longestPauseMs: Int64 = 3_600_000
  /// The pause when it asks for one without a length.
  static let pauseMs: Int64 = 60_000
  /// DingTalk is silent for so long once its limit was passed.
  static let dingtalkPauseMs: Int64 = 600_000

  /// Kinds that answer 200 to everything and say in the body what they did.
  static func readsBody(_ kind: Destination.Kind) -> Bool {
    switch kind {
    case .wecom, .dingtalk, .feishu: true
    case .webhook, .kafka, .log, .alertmanager, .slack: false
    }
  }

  /// Judges the answer to a request to `url`; `redirects` were followed before.
  static func judge(
    _ answer: DeliveryAnswer, kind: Destination.Kind, url: URL, redirects: Int, wall: WallTime
  ) -> Verdict {
    let host = url.host ?? "?"
    switch answer.status {
    case 200...299:
      return .ended(readsBody(kind) ? code(of: answer, kind: kind, host: host) : .delivered)
    case 300...399: return redirect(answer, from: url, redirects: redirects)
    case 429:
      let after = RetryAfter.ms(answer.retryAfter, wall: wall) ?? pauseMs
      return .ended(
        .retry(
          afterMs: min(after, longestPauseMs),
          error: "\(host) answered 429: too many requests; wait and try again"))
    case 408, 425, 500...599:
      // A service in trouble may say when to come back.
      let after = RetryAfter.ms(answer.retryAfter, wall: wall).map { min($0, longestPauseMs) }
      return .ended(.retry(afterMs: after, error: "\(host) answered \(answer.status)"))
    case 401, 403:
      return .ended(
        .dead(error: "\(host) answered \(answer.status): not allowed; check its key or secret"))
    case 404, 410:
      return .ended(
        .dead(error: "\(host) answered \(answer.status): nothing there; check its address"))
    default:
      return .ended(.dead(error: "\(host) answered \(answer.status), which is a refusal"))
    }
  }

  private static func redirect(
    _ answer: DeliveryAnswer, from url: URL, redirects: Int
  ) -> Verdict {
    let said = "\(url.host ?? "?") answered \(answer.status)"
    guard let location = answer.location,
      let target = URL(string: location, relativeTo: url)?.absoluteURL, target.host != nil
    else { return .ended(.dead(error: "\(said) without a place to go to")) }
    guard origin(of: target) == origin(of: url) else {
      return .ended(
        .dead(
          error: "\(said), a redirect to another host, scheme or port, which is not followed; "
            + "set the address that is meant"))
    }
    guard answer.status == 307 || answer.status == 308 else {
      return .ended(
        .dead(error: "\(said), which would not repeat the request; set the address that is meant"))
    }
    guard redirects == 0 else {
      return .ended(.dead(error: "\(said) a second time; set the address that is meant"))
    }
    return .follow(target)
  }

  private static func origin(of url: URL) -> [String] {
    let scheme = url.scheme?.lowercased() ?? ""
    let port = url.port ?? (scheme == "https" ? 443 : 80)
    return [scheme, url.host?.lowercased() ?? "", String(port)]
  }

  /// Judges the number in a chat service's body.
  private static func code(
    of answer: DeliveryAnswer, kind: Destination.Kind, host: String
  ) -> DeliveryResult {
    let members = JSONValue.members(of: answer.body) ?? [:]
    let names = kind == .feishu ? ["code", "StatusCode"] : ["errcode"]
    let found = names.lazy.compactMap { name -> Int64? in
      guard case .int(let code)? = members[name] else { return nil }
      return code
    }.first
    guard let code = found else {
      return .retry(afterMs: nil, error: "\(host) answered 200 without saying what it did")
    }
    let said = "\(host) answered code \(code)"
    switch (kind, code) {
    case (_, 0): return .delivered
    case (.wecom, 45009), (.wecom, 45033), (.feishu, 11232), (.feishu, 99_991_400):
      return .retry(afterMs: pauseMs, error: "\(said): too many messages; wait and try again")
    case (.dingtalk, 130101), (.dingtalk, 410100):
      return .retry(
        afterMs: dingtalkPauseMs, error: "\(said): too many messages; wait and try again")
    case (_, -1), (.wecom, 6000), (.feishu, 1500), (.feishu, 1503):
      return .retry(afterMs: nil, error: "\(said): it is busy")
    case (.wecom, 93000), (.dingtalk, 300_001), (.dingtalk, 300_005), (.dingtalk, 400_101),
      (.feishu, 19001):
      return .dead(error: "\(said): the key in its address is not known; make a new one")
    case (.dingtalk, 310_000), (.feishu, 19021), (.feishu, 19022), (.feishu, 19024):
      return .dead(
        error: "\(said): its security settings refuse the message; check secret, keywords, "
          + "allowed addresses and this machine's clock")
    case (.dingtalk, 400_013), (.dingtalk, 400_102):
      return .dead(error: "\(said): the group or its robot is gone or stopped")
    default: return .dead(error: "\(said), which is a refusal")
    }
  }
}

/// The header `Retry-After`.
enum RetryAfter {
  /// Milliseconds from `wall` on; nil when it says nothing that is understood. Seconds, or a date
  /// such as `Sun, 06 Nov 1994 08:49:37 GMT`.
  static func ms(_ text: String?, wall: WallTime) -> Int64? {
    guard let text = text?.trimmingCharacters(in: .whitespaces), !text.isEmpty else { return nil }
    if let seconds = Int64(text) {
      return seconds < 0 ? nil : min(seconds, 1_000_000_000) * 1000
    }
    let words = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == ":" })
    guard words.count == 8, words[7] == "GMT", let day = Int(words[1]), (1...31).contains(day),
      let month = months.firstIndex(of: String(words[2])), let year = Int64(words[3]),
      (1970...9999).contains(year), let hour = Int64(words[4]), (0...23).contains(hour),
      let minute = Int64(words[5]), (0...59).contains(minute), let second = Int64(words[6]),
      (0...60).contains(second)
    else { return nil }
    let days = CivilDate(year: year, month: month + 1, day: day).dayNumber
    let at = (days * 86_400 + hour * 3_600 + minute * 60 + second) * 1000
    return max(0, at - wall.ms)
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
