/// Every word that people read in messages, in one language.
struct Phrases: Sendable {
  var firing: String
  var repeated: String
  var escalated: String
  var resolved: String
  var summary: String
  var alert: String
  var risk: String
  var health: String
  var info: String
  var warning: String
  var critical: String
  var provisional: String
  var pipeline: String
  var rule: String
  var dimensions: String
  var value: String
  var thresholds: String
  var window: String
  var opened: String
  var owner: String
  var runbook: String
  var runbookLink: String
  var explanation: String
  var id: String
  /// Between a label and its value.
  var colon: String
  /// Around what qualifies a word.
  var open: String
  var close: String
  /// Between two things.
  var comma: String

  static func of(_ language: Destination.Language) -> Phrases {
    switch language {
    case .en: english
    case .zh: chinese
    }
  }

  func event(_ event: Notice.Event) -> String {
    switch event {
    case .firing: firing
    case .repeated: repeated
    case .escalated: escalated
    case .resolved: resolved
    case .summary: summary
    }
  }

  func kind(_ kind: Notice.Kind) -> String {
    switch kind {
    case .alert: alert
    case .risk: risk
    case .health: health
    }
  }

  /// Severities that are not known are said as they are.
  func severity(_ severity: String) -> String {
    switch severity {
    case "info": info
    case "warning": warning
    case "critical": critical
    default: severity
    }
  }

  static let english = Phrases(
    firing: "Firing", repeated: "Still firing", escalated: "Not acknowledged",
    resolved: "Resolved", summary: "Firing now", alert: "alert", risk: "risk", health: "health",
    info: "info", warning: "warning", critical: "critical", provisional: "provisional",
    pipeline: "Pipeline", rule: "Rule", dimensions: "For", value: "Value",
    thresholds: "Thresholds", window: "Window", opened: "Opened", owner: "Owner",
    runbook: "Runbook", runbookLink: "open", explanation: "What moved it", id: "Id",
    colon: ": ", open: " (", close: ")", comma: ", ")

  static let chinese = Phrases(
    firing: "告警触发", repeated: "持续告警", escalated: "告警升级：无人确认",
    resolved: "已恢复", summary: "当前告警汇总", alert: "指标告警", risk: "风险", health: "运行健康",
    info: "提示", warning: "警告", critical: "严重", provisional: "未定稿",
    pipeline: "流水线", rule: "规则", dimensions: "维度", value: "当前值",
    thresholds: "阈值", window: "时间窗口", opened: "发生时间", owner: "负责小组",
    runbook: "处理手册", runbookLink: "打开", explanation: "主要变动来源", id: "编号",
    colon: "：", open: "（", close: "）", comma: "，")
}
