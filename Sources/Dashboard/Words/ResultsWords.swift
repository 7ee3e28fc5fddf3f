import Charts

/// Strings that the pages of results share.
struct ResultsWords: Sendable {
  var range: String
  var ownRange: String
  /// After a difference of shares.
  var points: String
  /// A dimension without a value.
  var without: String
  /// Where times of a page are from; the zone's name follows.
  var zone: @Sendable (String) -> String
  var status: String
  var users: String
  /// How many rows or series are not shown.
  var more: @Sendable (Int) -> String
  var others: String
  var split: String
  var noSplit: String
  var choose: String
  /// Only the newest rows were read.
  var cut: @Sendable (String) -> String
  var compareWeek: String
  var compareNot: String
  var weekBefore: String
  var window: String
  var table: String
  var noneDefined: String
  var firstRows: String
  /// A number in few digits, without the name of its unit.
  var short: @Sendable (ValueUnit, Double) -> String

  static let english = ResultsWords(
    range: "Range", ownRange: "Own range", points: " pp", without: "(none)",
    zone: { "Times are of \($0)" }, status: "Status", users: "Users",
    more: { "\($0) more are not shown" }, others: "others", split: "By", noSplit: "not split",
    choose: "Choose",
    cut: { "Only the newest rows are shown, from \($0) on: choose a shorter range for the rest" },
    compareWeek: "Compare with the week before", compareNot: "Do not compare",
    weekBefore: "A week before", window: "Window", table: "Table",
    noneDefined: "The pipeline computes none of these",
    firstRows: "The first rows come with the next snapshot", short: { $0.short($1) })

  static let chinese = ResultsWords(
    range: "时间范围", ownRange: "自定义范围", points: " 个百分点", without: "（空）",
    zone: { "时间为 \($0) 时区" }, status: "状态", users: "用户数",
    more: { "另有 \($0) 项未显示" }, others: "其他", split: "拆分", noSplit: "不拆分",
    choose: "选择",
    cut: { "仅显示 \($0) 起的最新数据，其余请缩短范围查看" },
    compareWeek: "与上周同期对比", compareNot: "取消对比", weekBefore: "上周同期", window: "窗口",
    table: "明细表", noneDefined: "管道没有定义此类计算", firstRows: "首批数据会随下一个快照出现",
    short: { $0.short($1, .chinese) })
}
