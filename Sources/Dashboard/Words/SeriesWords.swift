/// Strings of the pages of metrics and sessions.
struct SeriesWords: Sendable {
  var metric: String
  var computes: String
  var window: String
  var newest: String
  var curve: String
  var lifecycles: String
  var sessions: String
  var none: String
  var of: @Sendable (String) -> String
  var where_: @Sendable (String) -> String
  var by: @Sendable (String) -> String
  var every: @Sendable (String) -> String
  var windows: @Sendable (String) -> String
  var lateness: @Sendable (String) -> String
  var whatItIs: String
  var distinctNote: String
  var quantileNote: String
  var singleNote: String
  var formulaNote: String
  /// Why counts and sums of windows that overlap do not add up.
  var overlapNote: String
  var approximate: String
  var openNote: String
  var noSeries: String
  var oneSeries: @Sendable (String) -> String
  var allSeries: String
  var total: String
  var value: String
  var samples: String
  var series: String
  var change: String
  var newestRows: @Sendable (Int) -> String
  var noWeekBefore: String
  var sum: String
  var day: String
  var count: String
  var perUser: String
  var bounceRate: String
  var meanDuration: String
  var meanEvents: String
  var entry: String
  var exit: String
  var events: String
  var share: String
  var sessionNote: String

  static let english = SeriesWords(
    metric: "Metric", computes: "Computes", window: "Window", newest: "Newest final",
    curve: "Lately", lifecycles: "Lifecycles", sessions: "Sessions", none: "No rows yet",
    of: { "of \($0)" }, where_: { "where \($0)" }, by: { "by \($0)" }, every: { "every \($0)" },
    windows: { "windows of \($0)" }, lateness: { "lateness \($0)" }, whatItIs: "What it computes",
    distinctNote:
      "Rows do not add up: who is in two windows or two series counts in each, and once in a "
      + "longer window or all series together.",
    quantileNote:
      "Rows do not add up: the quantile of all is found from all events, not from the quantiles of "
      + "parts.",
    singleNote:
      "Rows do not add up: an average, a least, greatest or last value of all is found from all "
      + "events, not from those of parts.",
    formulaNote:
      "Rows do not add up: the ratio of sums is not the sum of ratios, so longer windows are a "
      + "formula of their own.",
    overlapNote:
      "Rows of different windows do not add up: the windows overlap, and an event counts in each.",
    approximate: "Some values are estimates: beyond a limit distinct values are not counted one by "
      + "one.",
    openNote: "Dashed: windows that are still open, whose values may change.",
    noSeries: "No rows in this range", oneSeries: { "Only \($0)" }, allSeries: "all series",
    total: "all together", value: "Value", samples: "Events behind it", series: "Series",
    change: "Against a week before", newestRows: { "The newest \($0) rows" },
    noWeekBefore: "There is nothing of the week before", sum: "Sum", day: "Day", count: "Sessions",
    perUser: "Per user", bounceRate: "Bounces", meanDuration: "Mean length",
    meanEvents: "Events each", entry: "Begin with", exit: "End with", events: "Events",
    share: "Share",
    sessionNote:
      "A session counts on the day of its first event. Bounces are sessions of one event.")

  static let chinese = SeriesWords(
    metric: "指标", computes: "计算方式", window: "窗口", newest: "最新定值", curve: "近期走势",
    lifecycles: "生命周期", sessions: "会话", none: "暂无数据", of: { "取值 \($0)" },
    where_: { "条件 \($0)" }, by: { "按 \($0) 拆分" }, every: { "每 \($0)" },
    windows: { "窗口 \($0)" }, lateness: { "允许迟到 \($0)" }, whatItIs: "计算口径",
    distinctNote: "各行不可相加：同一用户出现在两个窗口或两个分组时会各计一次，在更长的窗口或全体中只计一次。",
    quantileNote: "各行不可相加：整体分位数须由全部事件得出，不能由各部分的分位数推算。",
    singleNote: "各行不可相加：整体的平均、最小、最大或最新值须由全部事件得出。",
    formulaNote: "各行不可相加：和之比不等于比之和，更长的窗口需单独定义公式。",
    overlapNote: "不同窗口的行不可相加：窗口相互重叠，同一事件会计入多个窗口。",
    approximate: "部分数值为估计：去重数超过上限后不再逐一计数。", openNote: "虚线：窗口尚未关闭，数值可能变化。",
    noSeries: "该范围内没有数据", oneSeries: { "仅 \($0)" }, allSeries: "全部序列", total: "合计",
    value: "数值", samples: "样本数", series: "序列", change: "较上周同期",
    newestRows: { "最新 \($0) 行" }, noWeekBefore: "没有上周同期数据", sum: "合计", day: "日期",
    count: "会话数", perUser: "人均", bounceRate: "跳出率", meanDuration: "平均时长",
    meanEvents: "平均事件数", entry: "入口事件", exit: "退出事件", events: "事件数", share: "占比",
    sessionNote: "会话计入首个事件所在的日期。仅含一个事件的会话为跳出。")
}
