/// Strings of the pages of thresholds.
struct ThresholdsWords: Sendable {
  var intro: String
  var rule: String
  var threshold: String
  var value: String
  var standard: String
  var bounds: String
  var scope: String
  var everySeries: String
  var since: String
  var by: String
  var reason: String
  /// Who set what the pipeline file says.
  var file: String
  /// A value that holds later.
  var upcoming: @Sendable (String, String) -> String
  var current: String
  var history: String
  var noHistory: String
  var noRules: String
  var kindAlert: String
  var kindRisk: String
  var condition: String
  var owner: String
  var tryOut: String
  /// The value that is tried.
  var tried: String
  var range: String
  /// Names of the spans, by their raw values.
  var spans: [String: String]
  var usualSpan: String
  var preview: String
  /// In place of it where there is only a command to make.
  var makeCommand: String
  var previewHelp: String
  var set: String
  /// Heading of the form that sets one threshold.
  var setOne: @Sendable (String) -> String
  var from: String
  var fromHelp: String
  var reset: String
  var resetHelp: String
  var resetReason: String
  var requests: String
  var states: [String: String]
  /// Who asked for a value, and when.
  var askedBy: @Sendable (String, String) -> String
  var waits: String
  var commands: String
  // The preview.
  var approximate: String
  var why: String
  /// How the rule is treated, before what follows of it; what is between its parts, and the end.
  var asInFile: String
  var comma: String
  var stop: String
  /// After so many windows in a row, or so long.
  var firesAfter: @Sendable (Int) -> String
  var firesFor: @Sendable (String) -> String
  /// Before the condition that ends it.
  var endsBy: String
  var endsAtOnce: String
  var goesOnFor: @Sendable (String) -> String
  var minSamples: @Sendable (String) -> String
  var activeAlone: String
  var alertsThen: String
  var alertsTried: String
  /// How long at least one fired.
  var firingFor: @Sendable (String) -> String
  /// Alerts that went on when the range began.
  var openBefore: @Sendable (Int) -> String
  /// What a value was, in a history.
  var setValue: String
  var sameAgain: @Sendable (Int, Int) -> String
  var judged: @Sendable (String, String, String) -> String
  var cutWindows: @Sendable (String) -> String
  var cutRows: @Sendable (String) -> String
  var laneThen: String
  var laneTried: String
  var nowLine: @Sendable (String) -> String
  var otherScale: String
  var endOfWindow: String
  var someSeries: @Sendable (Int, Int) -> String
  var exact: String
  var exactScope: String
  var added: String
  var removed: String
  var fired: String
  var ended: String
  var goesOn: String
  var more: @Sendable (Int) -> String
  /// By `ThresholdPreview.Missing`.
  var missing: [String: String]
}

extension ThresholdsWords {
  static let english = ThresholdsWords(
    intro: "A value holds from the instant at which it is set: what has been judged stays judged.",
    rule: "Rule", threshold: "Threshold", value: "Value", standard: "Default", bounds: "Bounds",
    scope: "Series", everySeries: "every series", since: "Since", by: "By", reason: "Reason",
    file: "pipeline file", upcoming: { "\($0) from \($1)" }, current: "Values that hold",
    history: "History", noHistory: "No value was set yet.",
    noRules: "No rule of this pipeline has thresholds.", kindAlert: "alert", kindRisk: "risk",
    condition: "Condition", owner: "Owner", tryOut: "What would have happened", tried: "Value",
    range: "Look back",
    spans: [
      "1d": "1 day", "7d": "7 days", "30d": "30 days", "90d": "90 days",
      "all": "everything that is stored",
    ], usualSpan: "30 days, of 120 to 1,440 windows", preview: "Try",
    makeCommand: "Make the command",
    previewHelp: "Nothing changes until you set it below.", set: "Set",
    setOne: { "Set \($0)" }, from: "From (optional)",
    fromHelp: "Event time; without it from the clock on.", reset: "Reset",
    resetHelp: "Back to what the pipeline file says", resetReason: "Why back to the file",
    requests: "Lately asked",
    states: ["waiting": "waiting", "taken": "taken", "refused": "refused"],
    askedBy: { "\($0) at \($1)" },
    waits: "waits for the worker's next snapshot, a few seconds; this page shows it when it comes",
    commands: "The same on the command line", approximate: "Approximate.",
    why: "Judged again on stored results: rows that have been removed (keep) are missing, windows "
      + "without a row count as zero where zero is a value and as no data elsewhere. The backtest "
      + "below reads the events themselves.",
    asInFile: "Judged as the pipeline file says, with the values tried here alone changed: it ",
    comma: ", ", stop: ".",
    firesAfter: {
      $0 == 1 ? "fires with the first window (for: 1)" : "fires after \($0) windows in a row (for)"
    }, firesFor: { "fires when the condition has held for \($0) (for)" },
    endsBy: "ends by clear, with the same values: ",
    endsAtOnce: "ends with the first window in which the condition does not hold (no clear)",
    goesOnFor: { "but not before that has been so for \($0) (keep_firing_for)" },
    minSamples: { "passes over windows of fewer than \($0) samples (min_samples)" },
    activeAlone: "judges windows of its active hours alone (active)",
    alertsThen: "Alerts as they were", alertsTried: "Alerts with these values",
    firingFor: { "at least one fired for \($0)" },
    openBefore: { "(\($0) more went on when the range began)" }, setValue: "Value",
    sameAgain: {
      "With the values that held then, the same rows give \($0) instead of the stored \($1): "
        + "so far off may this be."
    },
    judged: { "\($0) windows from \($1) to \($2)." },
    cutWindows: { "Only the newest \($0) windows are looked at." },
    cutRows: { "Only the newest \($0) rows are looked at." }, laneThen: "as it was",
    laneTried: "with these values", nowLine: { "now \($0)" },
    otherScale:
      "The thresholds are of another scale than the values, so they are not drawn.",
    endOfWindow: "A value stands at the end of its window, when it was judged.",
    someSeries: { "\($0) of \($1) series are drawn, those with alerts first." },
    exact: "For the exact answer, from the events:",
    exactScope: "The backtest tries values for all series, not for these alone.",
    added: "New", removed: "Gone", fired: "Fired", ended: "Ended", goesOn: "goes on",
    more: { "and \($0) more" },
    missing: [
      "needs_events":
        "There is no preview of risk rules: they are judged event by event, and of events nothing "
        + "is stored that could be judged again. The backtest reads the events anew, from the "
        + "topic or from files, and tells what these values would have found:",
      "too_much":
        "Judging so much takes too long. Look back less far, one day or seven, or use this "
        + "command:",
      "no_thresholds": "This rule has no thresholds to try.",
      "no_pipeline":
        "The console does not know the pipeline file; start it with --pipeline to try values. This "
        + "command does so too, on the events:",
      "no_rows": "Nothing that this rule watches is stored and closed yet.",
    ])

  static let chinese = ThresholdsWords(
    intro: "阈值从设定时起生效，已经判定过的窗口不会重新判定。",
    rule: "规则", threshold: "阈值", value: "当前值", standard: "默认值", bounds: "取值范围",
    scope: "适用维度", everySeries: "全部", since: "生效时间", by: "设定人", reason: "原因",
    file: "管道文件", upcoming: { "\($1) 起为 \($0)" }, current: "当前生效的值",
    history: "历史记录", noHistory: "还没有设定记录。", noRules: "该管道的规则都没有阈值。",
    kindAlert: "告警", kindRisk: "风控", condition: "触发条件", owner: "负责人",
    tryOut: "如果换一个值", tried: "试算值", range: "回看",
    spans: ["1d": "1 天", "7d": "7 天", "30d": "30 天", "90d": "90 天", "all": "全部已存数据"],
    usualSpan: "30 天，120 至 1440 个窗口", preview: "试算", makeCommand: "生成命令",
    previewHelp: "在下方设定之前，不会有任何改动。",
    set: "设定", setOne: { "设定 \($0)" }, from: "起始时间（可选）",
    fromHelp: "按事件时间；留空则立即生效。", reset: "恢复默认", resetHelp: "恢复为管道文件中的值",
    resetReason: "恢复原因", requests: "最近的设定请求",
    states: ["waiting": "等待中", "taken": "已生效", "refused": "被拒绝"],
    askedBy: { "\($0)，\($1)" }, waits: "等待 worker 的下一次快照（几秒），生效后本页会自动更新",
    commands: "对应的命令行", approximate: "近似结果。",
    why: "根据已存结果重新判定：被 keep 清理的数据不在内；没有数据行的窗口，计数类按零处理，其余按无数据处理。下方的回测命令会读取原始事件。",
    asInFile: "除试算的值以外，均按管道文件中的规则判定：", comma: "，", stop: "。",
    firesAfter: { $0 == 1 ? "满足条件的第一个窗口即触发（for: 1）" : "连续 \($0) 个窗口满足条件才触发（for）" },
    firesFor: { "条件持续 \($0) 才触发（for）" }, endsBy: "按 clear 用同样的值判定结束：",
    endsAtOnce: "条件不再满足的第一个窗口即结束（未设 clear）",
    goesOnFor: { "且须持续 \($0) 才算结束（keep_firing_for）" },
    minSamples: { "样本数少于 \($0) 的窗口不判定（min_samples）" },
    activeAlone: "只判定生效时段内的窗口（active）",
    alertsThen: "实际告警", alertsTried: "按此值的告警", firingFor: { "其间 \($0) 有告警在触发" },
    openBefore: { "（另有 \($0) 条在区间开始前已触发）" }, setValue: "值",
    sameAgain: { "用当时的值在同样的数据上重算得到 \($0) 次，而实际为 \($1) 次：误差大致如此。" },
    judged: { "共 \($0) 个窗口，\($1) 至 \($2)。" }, cutWindows: { "只看最近 \($0) 个窗口。" },
    cutRows: { "只看最近 \($0) 行。" }, laneThen: "实际", laneTried: "按此值",
    nowLine: { "当前 \($0)" }, otherScale: "阈值与指标不在同一量纲，因此未画出。",
    endOfWindow: "数值画在窗口结束处，即判定的时刻。",
    someSeries: { "共 \($1) 条序列，画出 \($0) 条，有告警的优先。" },
    exact: "精确结果请用原始事件回测：", exactScope: "回测对所有序列使用同一个值，不能只针对这些维度。",
    added: "新增", removed: "消失", fired: "触发", ended: "结束", goesOn: "持续中",
    more: { "另有 \($0) 次" },
    missing: [
      "needs_events":
        "风控规则无法在此试算：它逐条判定事件，而文件中不保存可供重新判定的事件。回测会从主题或文件重新读取事件，给出按这些值会有的发现：",
      "too_much": "数据太多，试算耗时过长。请缩短回看范围（如 1 天或 7 天），或用以下命令：",
      "no_thresholds": "该规则没有可以调整的阈值。",
      "no_pipeline": "控制台没有加载管道文件，加上 --pipeline 启动后即可试算。也可以用以下命令在原始事件上试算：",
      "no_rows": "该规则所监控的指标还没有已关闭的数据。",
    ])
}
