/// Strings of the page of data.
struct DataWords: Sendable {
  var read: String
  var applied: String
  var rejected: String
  var filtered: String
  var late: String
  var duplicate: String
  var ofRead: @Sendable (String) -> String
  var perSecond: @Sendable (String) -> String
  var lag: String
  var lagHelp: String
  var watermark: String
  var behindClock: @Sendable (String) -> String
  var partitions: String
  var topic: String
  var partition: String
  var nextOffset: String
  var clock: String
  var behind: String
  var idle: String
  var active: String
  var state: String
  var fates: String
  var restOfPartitions: @Sendable (Int) -> String
  var reasons: String
  var noRejected: String
  /// Names of reasons, by their raw values.
  var reasonNames: [String: String]
  var rejectedSamples: String
  var lateSamples: String
  var samplesHelp: String
  var hidden: String
  var noSamples: String
  var taken: String
  var reason: String
  var detail: String
  /// How far a late event's time was behind.
  var behindWatermark: String
  var place: String
  var eventTime: String
  var payload: String
  var stages: String
  var stagesHelp: String
  var stage: String
  var matched: String
  var unusable: String
  var stageLate: String
  var outbox: String
  var noMessages: String
  var destination: String
  var count: String
  var oldest: String
  var deadMessages: String
  var retryAll: @Sendable (String) -> String
  var restatements: String
  var noRestatements: String
  var window: String
  var row: String
  /// A row of no dimensions.
  var everySeries: String
  /// In place of a row that was not there, or is not any more.
  var noRow: String
  /// Number and name of a funnel's step.
  var stepNamed: @Sendable (String, String) -> String
  /// A cohort and a period of a retention table.
  var cohortPeriod: @Sendable (String, String) -> String
  var before: String
  var after: String
  var by: String
  var file: String
  var results: String
  var wal: String
  var stateFile: String
  var manifest: String
  var key: String
  var value: String
  var definition: String
  var commands: String
}

extension DataWords {
  static let english = DataWords(
    read: "Read", applied: "Applied", rejected: "Rejected", filtered: "Filtered", late: "Late",
    duplicate: "Duplicate", ofRead: { "\($0) of what was read" },
    perSecond: { "\($0) a second now" }, lag: "Lag", lagHelp: "records that wait in Kafka",
    watermark: "Watermark", behindClock: { "\($0) behind the newest event" },
    partitions: "Partitions", topic: "Topic", partition: "Partition", nextOffset: "Next offset",
    clock: "Clock", behind: "Behind", idle: "idle", active: "active", state: "State",
    fates: "What became of events, by partition",
    restOfPartitions: { "\($0) more partitions are in the table." },
    reasons: "Rejected, by reason", noRejected: "No event was rejected.",
    reasonNames: [
      "bad_time": "time not readable", "malformed": "no JSON", "no_name": "no name",
      "not_an_object": "JSON, but no object", "no_time": "no time", "empty": "empty",
      "too_early": "before not_before", "too_far_ahead": "too far ahead",
      "too_long": "over a limit", "wrong_type": "wrong type",
    ], rejectedSamples: "Samples of rejected events", lateSamples: "Samples of late events",
    samplesHelp: "The newest ones; more are kept, and sent to the dead-letter topic where one is "
      + "named.",
    hidden: "Payloads are hidden from your token.", noSamples: "None.", taken: "Seen",
    reason: "Reason", detail: "Detail", behindWatermark: "Behind the watermark", place: "Place",
    eventTime: "Event time",
    payload: "Payload", stages: "Stages",
    stagesHelp: "Events that each stage took, those whose values it could not use, and those that "
      + "came too late for it alone.",
    stage: "Stage", matched: "Matched", unusable: "Unusable", stageLate: "Too late",
    outbox: "Messages", noMessages: "No message was decided.", destination: "Destination",
    count: "Messages", oldest: "Oldest", deadMessages: "Given up",
    retryAll: { "Send those to \($0) again" }, restatements: "Restatements",
    noRestatements: "Nothing was replaced on purpose.", window: "Window", row: "Row",
    everySeries: "all", noRow: "no row", stepNamed: { "step \($0) \($1)" },
    cohortPeriod: { "cohort \($0), period \($1)" },
    before: "Before", after: "Now", by: "By", file: "The file", results: "Results", wal: "WAL",
    stateFile: "State", manifest: "About this run", key: "Key", value: "Value",
    definition: "Definition of the pipeline", commands: "The same on the command line")

  static let chinese = DataWords(
    read: "读取", applied: "已计入", rejected: "拒收", filtered: "已过滤", late: "迟到",
    duplicate: "重复", ofRead: { "占读取的 \($0)" }, perSecond: { "当前每秒 \($0) 条" },
    lag: "积压", lagHelp: "Kafka 中等待的记录", watermark: "水位线",
    behindClock: { "落后最新事件 \($0)" }, partitions: "分区", topic: "主题", partition: "分区",
    nextOffset: "下一位点", clock: "时钟", behind: "落后", idle: "空闲", active: "活跃", state: "状态",
    fates: "各分区事件去向", restOfPartitions: { "另有 \($0) 个分区，见表格。" },
    reasons: "拒收原因", noRejected: "没有被拒收的事件。",
    reasonNames: [
      "bad_time": "时间无法解析", "malformed": "不是合法 JSON", "no_name": "缺少事件名",
      "not_an_object": "JSON 但不是对象", "no_time": "缺少时间", "empty": "空消息",
      "too_early": "早于 not_before", "too_far_ahead": "时间超前过多", "too_long": "超出长度限制",
      "wrong_type": "类型错误",
    ], rejectedSamples: "拒收事件样本", lateSamples: "迟到事件样本",
    samplesHelp: "仅列出最新的样本；配置了死信主题时也会发送到那里。", hidden: "该令牌无权查看事件内容。",
    noSamples: "没有样本。", taken: "发现时间", reason: "原因", detail: "详情", behindWatermark: "落后水位线",
    place: "位置",
    eventTime: "事件时间", payload: "内容", stages: "计算阶段",
    stagesHelp: "各阶段接收的事件数、无法使用其取值的事件数，以及仅对该阶段来说太迟的事件数。",
    stage: "阶段", matched: "接收", unusable: "不可用", stageLate: "太迟", outbox: "通知",
    noMessages: "没有需要发送的通知。", destination: "目的地", count: "条数", oldest: "最早",
    deadMessages: "已放弃的通知", retryAll: { "重新发送到 \($0)" }, restatements: "重述记录",
    noRestatements: "没有被人为替换的结果。", window: "窗口", row: "数据行", everySeries: "全部",
    noRow: "没有该行", stepNamed: { "第 \($0) 步 \($1)" }, cohortPeriod: { "\($0) 组，第 \($1) 期" },
    before: "原值",
    after: "现值", by: "操作人", file: "文件", results: "结果", wal: "WAL", stateFile: "状态",
    manifest: "本次运行", key: "键", value: "值", definition: "管道定义", commands: "对应的命令行")
}
