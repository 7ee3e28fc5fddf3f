/// Strings of the pages of alerts.
struct AlertsWords: Sendable {
  var alerts: String
  var findings: String
  var silences: String
  var open: String
  var past: String
  var noneOpen: String
  var nonePast: String
  var noFindings: String
  var noSilences: String
  var timeline: String
  var timelineHelp: String
  // Filters.
  var state: String
  var anyState: String
  var rule: String
  var anyRule: String
  var severity: String
  var anySeverity: String
  var owner: String
  var anyOwner: String
  /// Names of states, statuses, kinds, severities and events, by their raw values.
  var names: [String: String]
  // Columns and facts.
  var series: String
  var entity: String
  var began: String
  var fired: String
  var ended: String
  var goesOn: String
  var lasted: String
  var value: String
  /// The value of the window in which it fired.
  var firedValue: String
  var judgedWith: String
  var samples: String
  var seenBy: @Sendable (String) -> String
  var noSuchRule: String
  var condition: String
  var runbook: String
  var labels: String
  var window: String
  var to: String
  var seriesAround: String
  var noSeries: String
  var movedBy: String
  var movedFrom: @Sendable (String, String) -> String
  /// The child that moved a KPI, and by how much where that is known.
  var movedByChild: @Sendable (String, String?) -> String
  var dimension: String
  var before: String
  var after: String
  var share: String
  var notExplained: String
  /// The value of a step.
  var stepValue: String
  var steps: String
  var noSteps: String
  var messages: String
  var noMessages: String
  var destination: String
  var event: String
  var decided: String
  var attempts: String
  var delivered: String
  var lastError: String
  var people: String
  var nobody: String
  var acknowledged: String
  var judged: String
  var when: String
  var by: String
  var note: String
  var what: String
  var figures: String
  var evidence: String
  var evidenceHidden: @Sendable (Int) -> String
  var topic: String
  var partition: String
  var offset: String
  var announcedAs: String
  // Acting.
  var act: String
  var acknowledge: String
  var verdict: String
  var verdicts: [String: String]
  var verdictHelp: String
  var silence: String
  var silenceScope: String
  var thisSeries: String
  var wholeRule: String
  var forHours: String
  var hours: [(value: String, text: String)]
  var from: String
  var until: String
  var untilEnded: String
  var endSilence: String
  var silenceHelp: String
  var incidents: String
  var commands: String
}

extension AlertsWords {
  static let english = AlertsWords(
    alerts: "Alerts", findings: "Findings", silences: "Silences", open: "Open", past: "Past",
    noneOpen: "Nothing is open.", nonePast: "No alert has ended in this range.",
    noFindings: "No findings in this range.", noSilences: "Nothing is silenced.",
    timeline: "When rules fired",
    timelineHelp: "From the window in which a rule fired to the one in which it ended.",
    state: "State", anyState: "any", rule: "Rule", anyRule: "all rules", severity: "Severity",
    anySeverity: "any", owner: "Owner", anyOwner: "anybody",
    names: [
      "inactive": "never fired", "pending": "pending", "firing": "firing",
      "recovering": "recovering", "resolved": "resolved", "provisional": "provisional",
      "final": "confirmed", "withdrawn": "withdrawn", "open": "open", "past": "past",
      "alert": "results", "health": "health of the worker", "info": "info",
      "warning": "warning", "critical": "critical", "opened": "opened", "confirmed": "confirmed",
      "moved": "moved", "closed": "closed", "repeated": "repeated", "escalated": "escalated",
      "summary": "summary", "delivered": "delivered", "dead": "given up",
      "suppressed:stale": "not sent: too late", "suppressed:silenced": "not sent: silenced",
      "suppressed:replay": "not sent: replay",
    ], series: "Series", entity: "Entity", began: "Began", fired: "Fired", ended: "Ended",
    goesOn: "goes on", lasted: "For", value: "Last value",
    firedValue: "Value when it fired", judgedWith: "Thresholds",
    samples: "Samples", seenBy: { "seen by \($0)" },
    noSuchRule: "The pipeline has this rule no more.", condition: "Condition",
    runbook: "What to do", labels: "Labels", window: "Window", to: "became",
    seriesAround: "What it watches",
    noSeries: "The watched values of that time are not stored.", movedBy: "What moved it",
    movedFrom: { "\($0) → \($1) against the window it is compared with" },
    movedByChild: { kpi, by in
      "\(kpi) moved it most against the period before" + (by.map { ", by \($0)" } ?? "")
    },
    dimension: "Part", before: "Before", after: "Then", share: "Share of the change",
    notExplained: "No part stands out, or the rule has no `explain`.", stepValue: "Value",
    steps: "What it did",
    noSteps: "Nothing that is kept.", messages: "Messages",
    noMessages: "Nobody was to be told.", destination: "Destination", event: "Event",
    decided: "Decided", attempts: "Attempts", delivered: "Delivered", lastError: "Last error",
    people: "What people did", nobody: "Nobody has acknowledged or judged it.",
    acknowledged: "acknowledged", judged: "judged", when: "When", by: "By", note: "Note",
    what: "What", figures: "What it counted", evidence: "Evidence",
    evidenceHidden: { "\($0) events; your token may not see which." }, topic: "Topic",
    partition: "Partition", offset: "Offset", announcedAs: "Announced as", act: "Act",
    acknowledge: "Acknowledge", verdict: "Verdict",
    verdicts: ["real": "real", "false_alarm": "false alarm", "known": "known before"],
    verdictHelp:
      "A real one becomes an incident for backtests. The newest verdict holds.",
    silence: "Silence", silenceScope: "What", thisSeries: "this series",
    wholeRule: "the whole rule",
    forHours: "For",
    hours: [
      ("1", "1 hour"), ("4", "4 hours"), ("24", "1 day"), ("168", "7 days"),
      ("", "until it is ended"),
    ], from: "From", until: "Until", untilEnded: "until it is ended", endSilence: "End",
    silenceHelp: "Alerts go on and are stored; nobody is told of them.",
    incidents: "Incidents for backtests (CSV)", commands: "The same on the command line")

  static let chinese = AlertsWords(
    alerts: "告警", findings: "风险发现", silences: "静默", open: "未结束", past: "已结束",
    noneOpen: "当前没有未结束的告警。", nonePast: "该时间范围内没有已结束的告警。",
    noFindings: "该时间范围内没有风险发现。", noSilences: "没有静默规则。", timeline: "告警时间线",
    timelineHelp: "从触发窗口到恢复窗口。", state: "状态", anyState: "不限", rule: "规则",
    anyRule: "全部规则", severity: "级别", anySeverity: "不限", owner: "负责人", anyOwner: "不限",
    names: [
      "inactive": "未触发", "pending": "待触发", "firing": "告警中", "recovering": "恢复中",
      "resolved": "已恢复", "provisional": "未定", "final": "已确认", "withdrawn": "已撤回",
      "open": "未结束", "past": "已结束", "alert": "业务指标", "health": "worker 健康",
      "info": "提示", "warning": "警告", "critical": "严重", "opened": "出现", "confirmed": "确认",
      "moved": "时间修正", "closed": "结束", "repeated": "重复提醒", "escalated": "升级",
      "summary": "汇总", "delivered": "已送达", "dead": "已放弃", "suppressed:stale": "未发送：过期",
      "suppressed:silenced": "未发送：已静默", "suppressed:replay": "未发送：回放",
    ], series: "维度", entity: "对象", began: "开始", fired: "触发", ended: "结束", goesOn: "持续中",
    lasted: "持续", value: "最近数值", firedValue: "触发时的数值", judgedWith: "判定阈值", samples: "样本数",
    seenBy: { "\($0) 已确认" }, noSuchRule: "管道中已没有这条规则。", condition: "触发条件",
    runbook: "处理办法", labels: "标签", window: "窗口", to: "变为", seriesAround: "监控的指标",
    noSeries: "该时段的指标没有保存。", movedBy: "变化来源",
    movedFrom: { "与对比窗口相比：\($0) → \($1)" },
    movedByChild: { kpi, by in "与上期相比，\(kpi) 的影响最大" + (by.map { "：\($0)" } ?? "") },
    dimension: "部分", before: "之前", after: "当时",
    share: "对变化的贡献", notExplained: "没有明显的来源，或规则未设置 explain。", stepValue: "数值", steps: "状态变化",
    noSteps: "没有保留的记录。", messages: "通知", noMessages: "没有需要通知的人。",
    destination: "目的地", event: "事件", decided: "决定时间", attempts: "尝试次数",
    delivered: "送达时间", lastError: "最近错误", people: "人工处理", nobody: "还没有人确认或判定。",
    acknowledged: "已确认", judged: "判定为", when: "时间", by: "处理人", note: "备注", what: "操作",
    figures: "计数", evidence: "证据", evidenceHidden: { "共 \($0) 条事件；该令牌无权查看具体位置。" },
    topic: "主题", partition: "分区", offset: "位点", announcedAs: "最初通知为", act: "处理",
    acknowledge: "确认收到", verdict: "判定",
    verdicts: ["real": "真实问题", "false_alarm": "误报", "known": "已知情况"],
    verdictHelp: "判定为真实问题的告警会成为回测用的事故。以最新的判定为准。", silence: "静默",
    silenceScope: "范围", thisSeries: "仅此维度", wholeRule: "整条规则", forHours: "时长",
    hours: [
      ("1", "1 小时"), ("4", "4 小时"), ("24", "1 天"), ("168", "7 天"), ("", "直到手动结束"),
    ], from: "开始", until: "截止", untilEnded: "直到手动结束", endSilence: "结束静默",
    silenceHelp: "告警照常判定并保存，只是不再通知。", incidents: "回测用事故表（CSV）",
    commands: "对应的命令行")
}
