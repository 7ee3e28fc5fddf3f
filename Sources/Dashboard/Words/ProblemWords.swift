import SnapshotStore
import StreamCore

/// Strings of what was not done or not found, for people; programs are told in English always.
struct ProblemWords: Sendable {
  /// Why a request is not answered as wished.
  var problem: @Sendable (Problem, Zone) -> String
  /// Why what somebody asked for was not done; times are of the zone.
  var refusal: @Sendable (Refusal, Zone) -> String
  /// What was set, from when on, perhaps for some series alone: name, value, time, scope.
  var taken: @Sendable (_ isReset: Bool, String, String, String?) -> String
  /// Before what is told in English to everybody.
  var inEnglish: String

  static let english = ProblemWords(
    problem: { problem, zone in
      if case .refusal(let refusal) = problem.kind { return english(refusal, zone) }
      return problem.description
    }, refusal: { english($0, $1) },
    taken: { isReset, name, value, from in
      let back = isReset ? " again, as the pipeline file says," : ""
      let since = from.map { "\($0) on" } ?? "the first event on"
      return "\(name) is \(value)\(back) from \(since)"
    }, inEnglish: "")

  static let chinese = ProblemWords(
    problem: { chinese($0, $1) }, refusal: { chinese($0, $1) },
    taken: { isReset, name, value, from in
      let back = isReset ? "恢复为管道文件中的值 " : "为 "
      return "\(from.map { "\($0) 起，" } ?? "自第一条事件起，")\(name) \(back)\(value)"
    }, inEnglish: "（英文原文）")
}

// MARK: - English

extension ProblemWords {
  /// As programs are told, without what is for the command line alone.
  private static func english(_ refusal: Refusal, _ zone: Zone) -> String {
    let nothing = "Nothing was changed."
    switch refusal.kind {
    case .unknownRule(let name, let known):
      return "There is no rule '\(name)'; there are \(listed(known)). \(nothing)"
    case .unknownThreshold(let name, let rule, let known):
      return "\(rule) has no threshold '\(name)'; it has \(listed(known)). \(nothing)"
    case .notDimensions: return "The series are not given as a JSON object. \(nothing)"
    case .unknownDimension(let name, let rule, let known):
      return "The series of \(rule) have no '\(name)'; they have \(listed(known)). \(nothing)"
    case .sameForEveryEntity(let rule):
      return "The thresholds of the risk \(rule) are the same for everybody. Silence one to hear "
        + "nothing of it. \(nothing)"
    case .notSet(let name):
      return "Nobody has set \(name): the pipeline file's value holds already. \(nothing)"
    case .notFinite(let name): return "\(name) takes a number. \(nothing)"
    case .tooSmall(let value, let name, let least):
      return "\(JSON.text(value)) is less than \(name) may be, \(JSON.text(least)). \(nothing)"
    case .tooLarge(let value, let name, let greatest):
      return "\(JSON.text(value)) is more than \(name) may be, \(JSON.text(greatest)). \(nothing)"
    case .judgedAlready(let from, let clock):
      return "\(ZoneTimes.second(from, zone)) has been judged already: the clock is at "
        + "\(ZoneTimes.second(clock, zone)). Give a later time, or none. \(nothing)"
    case .neverBegins: return "It would never begin. \(nothing)"
    case .missing(let text): return "\(name(text)) is missing; it is kept for ever. \(nothing)"
    case .tooLong(let text, let bytes):
      return "\(name(text)) has more than \(bytes) bytes. \(nothing)"
    case .silenceOver: return "The silence would be over already. \(nothing)"
    case .unknownSilence(let id): return "There is no silence \(id). \(nothing)"
    case .silenceEnded(let id): return "Silence \(id) is over already."
    case .unknownMessage(let id):
      return "There is no message '\(id)' that waits or was given up. \(nothing)"
    case .unknownSubject(let id): return "There is no alert and no finding '\(id)'."
    case .severalSubjects(let id): return "'\(id)' is the beginning of several ids."
    case .other: return refusal.description
    }
  }

  private static func name(_ text: Refusal.Text) -> String {
    switch text {
    case .name: "The name of who changes it"
    case .reason: "The reason"
    case .note: "The note"
    }
  }

  private static func listed(_ names: [String]) -> String {
    names.isEmpty ? "none" : names.joined(separator: ", ")
  }
}

// MARK: - Chinese

extension ProblemWords {
  private static func chinese(_ refusal: Refusal, _ zone: Zone) -> String {
    let nothing = "未作任何改动。"
    switch refusal.kind {
    case .unknownRule(let name, let known):
      return "没有规则“\(name)”，现有：\(enumerated(known))。\(nothing)"
    case .unknownThreshold(let name, let rule, let known):
      return "\(rule) 没有阈值“\(name)”，现有：\(enumerated(known))。\(nothing)"
    case .notDimensions: return "维度必须是 JSON 对象。\(nothing)"
    case .unknownDimension(let name, let rule, let known):
      return "\(rule) 没有维度“\(name)”，现有：\(enumerated(known))。\(nothing)"
    case .sameForEveryEntity(let rule):
      return "风控规则 \(rule) 的阈值对所有对象相同。若不想再收到某个对象的通知，请将其静默。\(nothing)"
    case .notSet(let name): return "\(name) 没有人设定过，现在用的就是管道文件中的值。\(nothing)"
    case .notFinite(let name): return "\(name) 需要一个数字。\(nothing)"
    case .tooSmall(let value, let name, let least):
      return "\(JSON.text(value)) 小于 \(name) 的下限 \(JSON.text(least))。\(nothing)"
    case .tooLarge(let value, let name, let greatest):
      return "\(JSON.text(value)) 大于 \(name) 的上限 \(JSON.text(greatest))。\(nothing)"
    case .judgedAlready(let from, let clock):
      let (from, clock) = (ZoneTimes.second(from, zone), ZoneTimes.second(clock, zone))
      return "\(from) 的数据已经判定过，当前时钟为 \(clock)。请填更晚的时间，或留空。\(nothing)"
    case .neverBegins: return "这个时间永远不会到来。\(nothing)"
    case .missing(let text): return "请填写\(chineseName(text))，它会永久保存。\(nothing)"
    case .tooLong(let text, let bytes):
      return "\(chineseName(text))超过 \(bytes) 字节。\(nothing)"
    case .silenceOver: return "该静默在开始之前就已结束，请填更晚的截止时间。\(nothing)"
    case .unknownSilence(let id): return "没有编号为 \(id) 的静默。\(nothing)"
    case .silenceEnded(let id): return "静默 \(id) 已经结束。"
    case .unknownMessage(let id): return "没有待发或已放弃的通知“\(id)”。\(nothing)"
    case .unknownSubject(let id): return "没有编号为“\(id)”的告警或风险发现。"
    case .severalSubjects(let id): return "有多个编号以“\(id)”开头，请写得更长一些。"
    case .other: return "未能完成，\(nothing)（英文原文）\(refusal.description)"
    }
  }

  private static func chineseName(_ text: Refusal.Text) -> String {
    switch text {
    case .name: "操作人"
    case .reason: "原因"
    case .note: "备注"
    }
  }

  private static func enumerated(_ names: [String]) -> String {
    names.isEmpty ? "无" : names.joined(separator: "、")
  }

  private static func chinese(_ problem: Problem, _ zone: Zone) -> String {
    switch problem.kind {
    case .other: "（英文原文）\(problem.description)"
    case .refusal(let refusal): chinese(refusal, zone)
    case .parameters(let faults):
      faults.map { chinese($0) }.joined(separator: "；") + "。请更正后重试。"
    case .encoding: "地址或表单的编码不正确，请更正后重试。"
    case .noAddress: "没有这个页面，请从总览开始。"
    case .noMethod(let methods): "该地址只接受 \(methods)。"
    case .nothingNamed(let name): "没有名为“\(name.prefix(128))”的内容，请从列表中选择。"
    case .noThresholds(let rule): "规则 \(rule) 没有阈值，请看阈值页的列表。"
    case .notNumber(let name): "\(name) 不是数字，请更正后重试。"
    case .outOfBounds(let value, let name, let bounds):
      "\(value) 超出 \(name) 的取值范围 \(bounds)，请更正后重试。"
    case .namesPeople: "这些维度会指明个人，只有带 reveal 权限的令牌才能按它们查询。"
    case .tokenNeeded: "需要令牌，请先登录。"
    case .tokenUnknown: "无法识别该令牌，请使用管道文件 console 下的令牌。"
    case .tooManyTokens: "未知令牌尝试过多，请一分钟后再试。"
    case .mayNotWrite: "该令牌没有修改权限，请使用管道文件 console 下带 write: true 的令牌。"
    case .foreignForm: "表单不属于当前会话，请刷新页面后重新提交。"
    case .foreignSite: "请求来自其他网站的页面，请使用控制台自己的页面。"
    case .foreignName: "该控制台只供本机使用，请用 http://127.0.0.1 或 http://localhost 打开。"
    case .tooLong(let bytes): "内容超过 \(bytes) 字节，请缩短后重试。"
    case .tooSlow(let seconds): "请求内容在 \(seconds) 秒内没有传完，请重新发送。"
    case .busy: "请求太多，请稍后再试。"
    case .notUnderstood: "无法识别请求内容的类型，请发送表单或 application/json。"
    case .file(let what): "暂时无法读写结果文件，请稍后再试。（英文原文）\(what)"
    case .own: "控制台出现了不该有的错误，详情在 worker 的日志中，请反馈给我们。"
    }
  }

  private static func chinese(_ fault: NamedFault) -> String {
    switch fault.fault {
    case .missing: "缺少 \(fault.name)"
    case .unknown: "没有参数 \(fault.name)"
    case .tooLong(let bytes): "\(fault.name) 超过 \(bytes) 字节"
    case .notWhole(let range):
      "\(fault.name) 应为 \(range.lowerBound) 到 \(range.upperBound) 的整数"
    case .notNumber: "\(fault.name) 不是数字"
    case .noChoice(let choices): "\(fault.name) 应为以下之一：\(choices.joined(separator: "、"))"
    case .notFlag: "\(fault.name) 应为 true 或 false"
    case .notTime: "\(fault.name) 不是时间，请写成 2026-01-31 或 2026-01-31T08:00:00+08:00"
    }
  }
}
