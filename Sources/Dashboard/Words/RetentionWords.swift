import SnapshotStore

/// Strings of the page of retention.
struct RetentionWords: Sendable {
  var table: String
  var headline: @Sendable (String, String, String) -> String
  /// Where one user is in many cohorts: the share, the period, how many, and the unit.
  var recurring: @Sendable (String, String, String, String) -> String
  var recurringNote: String
  var headlineNone: String
  var share: String
  var users: String
  var amounts: String
  var triangle: @Sendable (String) -> String
  var unit: @Sendable (RetentionUnits.Length) -> String
  var periods: @Sendable (RetentionUnits.Length) -> String
  /// The n-th period.
  var period: @Sendable (RetentionUnits.Length, Int) -> String
  var curve: @Sendable (String) -> String
  var curveNote: String
  var cohorts: String
  var cohort: String
  var periodColumn: String
  var returned: String
  var ofUsers: @Sendable (String) -> String
  var series: String
  var amountNote: String
  var cut: @Sendable (Int) -> String

  static let english = RetentionWords(
    table: "Retention", headline: { "\($0) came back \($1) later: \($2) of those who could" },
    recurring: { "\($0) came back \($1) later, of \($2) user-\($3)s" },
    recurringNote: "Whoever is in several cohorts counts in each: users of cohorts do not add up.",
    headlineNone: "No cohort is old enough yet to have come back", share: "Share", users: "Users",
    amounts: "Amount per head",
    triangle: { "\($0) by cohort" },
    unit: { unit in
      switch unit {
      case .day: "day"
      case .week: "week"
      case .month: "month"
      }
    },
    periods: { unit in
      switch unit {
      case .day: "days after the first"
      case .week: "weeks after the first"
      case .month: "months after the first"
      }
    },
    period: { unit, n in
      let name =
        switch unit {
        case .day: "day"
        case .week: "week"
        case .month: "month"
        }
      return n == 1 ? "1 \(name)" : "\(n) \(name)s"
    },
    curve: { "\($0), all cohorts together" },
    curveNote:
      "Of finished cells alone: who came back, over all users of the cohorts that are old enough. "
      + "Later periods rest on fewer cohorts.",
    cohorts: "Cohorts", cohort: "Cohort", periodColumn: "Period", returned: "Came back",
    ofUsers: { "of \($0)" }, series: "Series",
    amountNote: "Amounts per head of the cohort, this period and all before it added up.",
    cut: { "Only the newest \($0) cohorts are shown" })

  static let chinese = RetentionWords(
    table: "留存表", headline: { "\($1)后有 \($0) 人回访，占可观察用户的 \($2)" },
    recurring: { "\($1)后的回访率为 \($0)（共 \($2) 人次，按\($3)计）" },
    recurringNote: "同一用户在多个同期群中各计一次，各同期群的人数相加不是去重人数。",
    headlineNone: "还没有同期群达到可观察的时长", share: "留存率", users: "用户数", amounts: "人均金额",
    triangle: { "各同期群\($0)" },
    unit: { unit in
      switch unit {
      case .day: "日"
      case .week: "周"
      case .month: "月"
      }
    },
    periods: { unit in
      switch unit {
      case .day: "首次之后的天数"
      case .week: "首次之后的周数"
      case .month: "首次之后的月数"
      }
    },
    period: { unit, n in
      switch unit {
      case .day: "\(n) 天"
      case .week: "\(n) 周"
      case .month: "\(n) 个月"
      }
    },
    curve: { "\($0)，全部同期群合计" },
    curveNote: "仅用已完成的格子：回访用户除以时长足够的同期群的全部用户。越靠后的周期，样本同期群越少。",
    cohorts: "同期群数", cohort: "同期群", periodColumn: "周期", returned: "回访用户",
    ofUsers: { "共 \($0)" }, series: "分组", amountNote: "同期群人均金额，为该周期及之前各周期的累计。",
    cut: { "仅显示最近 \($0) 个同期群" })
}
