/// Strings of the page of funnels.
struct ConversionWords: Sendable {
  /// How many entered, how many came to the end, their share.
  var headline: @Sendable (String, String, String) -> String
  var headlineNone: String
  var funnel: String
  var steps: String
  var step: String
  var entries: String
  var entered: String
  /// Why numbers are not of people.
  var entriesNote: String
  var ofEntered: String
  var ofBefore: String
  var p50: String
  var p90: String
  var timesNote: String
  var ofEnteredNote: @Sendable (String) -> String
  var ofBeforeNote: @Sendable (String) -> String
  var byWindow: String
  var byWindowChart: @Sendable (String) -> String
  var windowColumn: String
  var toTheEnd: String
  var unfinished: @Sendable (Int) -> String
  var definition: @Sendable (String) -> String
  var compare: String
  var compareNot: String
  var compared: String
  /// What is compared: entry windows in each range.
  var comparedHow: @Sendable (Int, Int) -> String
  var nothingToCompare: String
  var now: String
  var before: String
  var difference: String
  var worst: String

  static let english = ConversionWords(
    headline: { "Of \($0) entries, \($1) came to the end: \($2)" },
    headlineNone: "Nobody entered in this range", funnel: "Funnel", steps: "Steps", step: "Step",
    entries: "Came so far", entered: "Entries",
    entriesNote:
      "Entries are counted, not people: whoever enters in several windows, or by several keys, "
      + "counts in each.",
    ofEntered: "Of those that entered",
    ofBefore: "Of the step before",
    p50: "Half within", p90: "9 of 10 within",
    timesNote:
      "Times are known for one entry window and series: quantiles do not add up. Choose one below.",
    ofEnteredNote: { "\($0) of all" }, ofBeforeNote: { "\($0) of previous" },
    byWindow: "By entry window",
    byWindowChart: { "Share that came from the first step to \($0), by entry window" },
    windowColumn: "Entered", toTheEnd: "To the end",
    unfinished: {
      $0 == 1
        ? "1 entry window is not finished: who is in it may still come further"
        : "\($0) entry windows are not finished: who is in them may still come further"
    },
    definition: { "within \($0) of the first step" }, compare: "Compare with the range before",
    compareNot: "Do not compare", compared: "Against the range before, at equal age",
    comparedHow: {
      "Compared are finished entry windows alone, \($0) of this range and the \($1) before them: "
        + "all had the same time to come to the end."
    },
    nothingToCompare: "There are no finished entry windows before this range to compare with.",
    now: "Now", before: "Before", difference: "Difference", worst: "biggest loss")

  static let chinese = ConversionWords(
    headline: { "进入 \($0) 次，完成 \($1) 次，整体转化率 \($2)" },
    headlineNone: "该范围内无人进入漏斗", funnel: "漏斗", steps: "步骤", step: "步骤", entries: "到达次数",
    entered: "进入次数", entriesNote: "此处按次数计，不是去重人数：同一用户（或键）在多个窗口进入时，每个窗口各计一次。",
    ofEntered: "占进入次数", ofBefore: "占上一步", p50: "半数用时", p90: "九成用时",
    timesNote: "用时仅在单个进入窗口、单个分组下可得，因为分位数不可相加。请在下方选择一个窗口。",
    ofEnteredNote: { "占进入 \($0)" }, ofBeforeNote: { "占上一步 \($0)" }, byWindow: "按进入窗口",
    byWindowChart: { "各进入窗口从第一步到「\($0)」的转化率" }, windowColumn: "进入时间",
    toTheEnd: "整体转化", unfinished: { "\($0) 个进入窗口尚未完成，其中的用户仍可能继续转化" },
    definition: { "首步之后 \($0)内完成" }, compare: "与前一段时间对比", compareNot: "取消对比",
    compared: "与前一段同龄对比",
    comparedHow: { "只比较已完成的进入窗口：本段 \($0) 个，之前 \($1) 个，各窗口的转化时间相同。" },
    nothingToCompare: "此范围之前没有可供对比的已完成窗口。", now: "本段", before: "前段",
    difference: "变化", worst: "流失最多")
}
