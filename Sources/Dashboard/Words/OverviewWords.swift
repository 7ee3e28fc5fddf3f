import StreamCore

/// Strings of the overview.
struct OverviewWords: Sendable {
  /// The sentence above everything, by what is known.
  var firing: @Sendable (Int64) -> String
  var stuck: String
  var catchingUp: String
  var file: @Sendable (String) -> String
  var well: String
  var quiet: String
  var nothingYet: String
  var stream: String
  var rate: String
  var perSecond: String
  var lag: String
  var lagNote: String
  var watermark: String
  var watermarkNote: String
  var snapshot: String
  var ago: @Sendable (String) -> String
  /// In place of an age of less than a second.
  var justNow: String
  var eventTime: String
  var closed: String
  var fates: String
  var read: String
  var applied: String
  var filtered: String
  var late: String
  var duplicate: String
  var rejected: String
  var firesNow: String
  var since: String
  /// Who has seen an alert.
  var seenBy: @Sendable (String) -> String
  var value: String
  var threshold: String
  var owner: String
  var pending: @Sendable (Int64) -> String
  var findings: @Sendable (Int64) -> String
  var allAlerts: String
  var kpis: String
  var kpi: String
  var target: String
  var soFar: String
  var samePart: String
  var movedBy: String
  var movedByHow: @Sendable (String, String) -> String
  var curve: String
  var layer: @Sendable (KPILayer) -> String
  /// A share of a target.
  var ofTarget: @Sendable (String, String) -> String
  var noTarget: String
  var sparkline: @Sendable (String) -> String
  /// How far a period has come.
  var asOf: @Sendable (String) -> String
  /// Why a period is not all there, and what is left out because of that.
  var inputEnded: @Sendable (String) -> String
  var notCompared: String
  var paceNote: String
  var mainSeries: String
  var allSeries: String
  var health: String

  static let english = OverviewWords(
    firing: { $0 == 1 ? "1 alert fires" : "\($0) alerts fire" },
    stuck: "The worker takes no snapshots", catchingUp: "The worker is catching up",
    file: { "A file as it was left at \($0); no worker is beside this console" },
    well: "The stream is well", quiet: "nothing fires", nothingYet: "No snapshot yet",
    stream: "Stream", rate: "Read", perSecond: "/s", lag: "Lag", lagNote: "records wait in Kafka",
    watermark: "Watermark", watermarkNote: "behind the clock", snapshot: "Snapshot",
    ago: { "\($0) ago" }, justNow: "just now", eventTime: "Event time",
    closed: "input ended, all is closed",
    fates: "What became of events", read: "read", applied: "applied", filtered: "filtered",
    late: "late", duplicate: "duplicate", rejected: "rejected", firesNow: "Fires now",
    since: "Since", seenBy: { "seen by \($0)" }, value: "Value", threshold: "Threshold",
    owner: "Owner",
    pending: { $0 == 1 ? "1 alert is pending" : "\($0) alerts are pending" },
    findings: { $0 == 1 ? "1 finding is open" : "\($0) findings are open" },
    allAlerts: "All alerts", kpis: "KPIs", kpi: "KPI", target: "Target", soFar: "Period to date",
    samePart: "Against the same part before", movedBy: "Moved most by",
    movedByHow: { "\($0) (\($1))" }, curve: "So far, over the period before",
    layer: { layer in
      switch layer {
      case .business: "business"
      case .operational: "operational"
      case .process: "process"
      }
    },
    ofTarget: { "\($0) of \($1)" }, noTarget: "no target",
    sparkline: { "\($0): the period so far, over the period before" },
    asOf: { "up to \($0)" },
    inputEnded: { "cut short: the input ended at \($0), before this period did" },
    notCompared: "not compared: cut short",
    paceNote:
      "The mark in a bar is where the value should be by now: the part of the target that the last "
      + "period had reached of its own end at this time; of shares and ratios the target itself.",
    mainSeries: "Main series", allSeries: "All metrics", health: "worker")

  static let chinese = OverviewWords(
    firing: { "\($0) 条告警正在触发" }, stuck: "worker 已停止生成快照", catchingUp: "worker 正在追赶数据",
    file: { "文件截至 \($0)，此控制台旁没有运行中的 worker" }, well: "数据流正常", quiet: "没有正在触发的告警",
    nothingYet: "还没有快照", stream: "数据流", rate: "读取速率", perSecond: " 条/秒", lag: "积压",
    lagNote: "条记录待读取（Kafka）", watermark: "水位线延迟", watermarkNote: "落后于时钟", snapshot: "快照",
    ago: { "\($0)前" }, justNow: "刚刚", eventTime: "事件时间", closed: "输入已结束，全部关闭", fates: "事件去向",
    read: "读取", applied: "已计入", filtered: "已过滤", late: "迟到", duplicate: "重复", rejected: "拒收",
    firesNow: "正在触发", since: "开始时间", seenBy: { "\($0) 已确认" }, value: "当前值", threshold: "阈值",
    owner: "负责人",
    pending: { "\($0) 条告警待触发" }, findings: { "\($0) 个风险发现未关闭" }, allAlerts: "全部告警",
    kpis: "KPI 树", kpi: "KPI", target: "目标", soFar: "本期至今", samePart: "较上期同进度",
    movedBy: "主要影响", movedByHow: { "\($0)（\($1)）" }, curve: "本期走势（灰线为上期）",
    layer: { layer in
      switch layer {
      case .business: "业务"
      case .operational: "运营"
      case .process: "过程"
      }
    },
    ofTarget: { "完成 \($0)，目标 \($1)" }, noTarget: "未设目标",
    sparkline: { "\($0)：本期走势，灰线为上期" }, asOf: { "截至 \($0)" },
    inputEnded: { "本期不完整：输入在 \($0) 结束，早于本期的结束" }, notCompared: "本期不完整，不作对比",
    paceNote: "进度条中的刻线是此刻应达到的位置：目标乘以上期在同一进度时已完成的比例；占比和比率直接与目标比较。",
    mainSeries: "主要指标", allSeries: "全部指标", health: "worker")
}
