/// Strings of the frame of every page.
struct FrameWords: Sendable {
  var overview: String
  var metrics: String
  var conversion: String
  var retention: String
  var alerts: String
  var thresholds: String
  var data: String
  var wall: String
  var signIn: String
  var signOut: String
  /// What the field for a token is called.
  var token: String
  var signInHelp: String
  var signInFailed: String
  /// Before the name of who is signed in.
  var signedInAs: @Sendable (String) -> String
  /// What a change needs that nobody is signed in for.
  var signInToChange: String
  var mayNotWrite: String
  /// The link that jumps over the navigation.
  var skip: String
  /// Before the time of the newest snapshot.
  var asOf: String
  var live: String
  var notLive: String
  /// A file that no worker writes to, as far as the console knows.
  var fileOnly: String
  var problem: String
  var noData: String
  var provisional: String
  var final: String
  var restated: String
  var next: String
  var earlier: String
  var all: String
  var show: String
  var from: String
  var to: String
  var csv: String
  /// Where the file is that commands call `PIPELINE.yaml`.
  var pipelineUnknown: String
  /// What tables and charts say in place of a value that is not there.
  var missing: String
}

extension FrameWords {
  static let english = FrameWords(
    overview: "Overview", metrics: "Metrics", conversion: "Conversion", retention: "Retention",
    alerts: "Alerts", thresholds: "Thresholds", data: "Data", wall: "Wall", signIn: "Sign in",
    signOut: "Sign out", token: "Token",
    signInHelp:
      "Whoever changes something is recorded by the name of their token. Tokens are in the "
      + "pipeline file, under console.",
    signInFailed: "That token is not known here.",
    signedInAs: { "Signed in as \($0)" }, signInToChange: "Sign in to change this",
    mayNotWrite: "Your token may not change things", skip: "Skip to content",
    asOf: "As of", live: "Live", notLive: "Connection lost; trying again",
    fileOnly: "From a file, without a worker", problem: "Problem", noData: "No data yet",
    provisional: "provisional", final: "final", restated: "restated", next: "Next",
    earlier: "Earlier", all: "All", show: "Show", from: "From", to: "To", csv: "CSV",
    pipelineUnknown:
      "PIPELINE.yaml stands for the pipeline file that the worker was started with, behind "
      + "weir run; this console was started without it.", missing: "–")

  static let chinese = FrameWords(
    overview: "总览", metrics: "指标", conversion: "转化", retention: "留存", alerts: "告警",
    thresholds: "阈值", data: "数据", wall: "大屏", signIn: "登录", signOut: "退出", token: "令牌",
    signInHelp: "每次修改都会以令牌的名称记录。令牌写在管道文件的 console 下。",
    signInFailed: "无法识别该令牌。", signedInAs: { "已登录：\($0)" }, signInToChange: "登录后可修改",
    mayNotWrite: "该令牌没有修改权限", skip: "跳到正文", asOf: "截至", live: "实时",
    notLive: "连接中断，正在重试", fileOnly: "来自文件，没有运行中的 worker", problem: "出错了",
    noData: "暂无数据", provisional: "未定", final: "已定", restated: "已重述", next: "下一页",
    earlier: "更早", all: "全部", show: "显示", from: "从", to: "到", csv: "CSV",
    pipelineUnknown: "PIPELINE.yaml 指启动 worker 时 weir run 后面的管道文件；此控制台启动时没有指定它。",
    missing: "–")
}
