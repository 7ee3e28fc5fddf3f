/// Strings of the wall.
struct WallWords: Sendable {
  var eventTime: String
  var behind: @Sendable (String) -> String
  var snapshotAgo: @Sendable (String) -> String
  var snapshotNow: String
  var lastPeriod: String
  var weekBefore: String
  var yearBefore: String
  /// Where it should be by now, and of what target.
  var pace: @Sendable (String, String) -> String
  /// Where it ends if it goes on like this.
  var forecast: @Sendable (String) -> String
  var noPace: @Sendable (String) -> String
  /// Of a KPI without a row.
  var noValue: String
  /// What pace is, and what values are held against; each only where there is one.
  var paceNote: String
  var beforeNote: String
  var weeksNote: String
  var monthsNote: String
  var nothing: String
  var back: String

  static let english = WallWords(
    eventTime: "Event time", behind: { "watermark \($0) behind" },
    snapshotAgo: { "snapshot \($0) ago" }, snapshotNow: "snapshot just now",
    lastPeriod: "last period", weekBefore: "last week",
    yearBefore: "last year",
    pace: { "should be \($0) by now to reach \($1)" },
    forecast: { "goes to \($0) at this pace" }, noPace: { "target \($0)" },
    noValue: "no value yet",
    paceNote:
      "Pace: the target's part that the last period had reached of its own end by this time of it.",
    beforeNote: "Changes are against the same part of an earlier period.",
    weeksNote: "Last year is 52 weeks before.",
    monthsNote: "Of months last year is twelve months before.",
    nothing: "There are no KPIs and no metrics yet", back: "Overview")

  static let chinese = WallWords(
    eventTime: "事件时间", behind: { "水位线落后 \($0)" }, snapshotAgo: { "快照 \($0)前" },
    snapshotNow: "快照刚刚生成",
    lastPeriod: "上期同刻", weekBefore: "上周同刻", yearBefore: "去年同刻",
    pace: { "按进度此刻应为 \($0)，目标 \($1)" }, forecast: { "照此进度预计 \($0)" },
    noPace: { "目标 \($0)" }, noValue: "还没有数值",
    paceNote: "进度：目标乘以上期此刻已完成的比例。",
    beforeNote: "变化均与更早周期的同一时刻相比。", weeksNote: "去年指 52 周前。", monthsNote: "按月的去年指 12 个月前。",
    nothing: "还没有 KPI 或指标", back: "总览")
}
