import StreamCore

extension PlanExplanation {
  /// What one stage keeps of each user.
  public struct StateCost: Sendable, Equatable {
    /// Name of the stage; `users` for all traits.
    public var stage: String
    /// Bytes at most, of a user that is in every window that the stage keeps open.
    public var bytes: Int64
    /// What it is kept for each of: nil for users, else the expression of `per`.
    public var per: String?
  }

  /// Bytes that hold a user, whatever the stages keep: the hash, what finds it, a share of its
  /// page.
  public static let userBytes: Int64 = 13

  /// Bytes that the stages keep of each user (or of what a funnel is `per`), in the plan's order.
  /// An estimate from the plan alone, by the sizes that numbers have in a record: a time takes 6
  /// bytes, a distance as many as the longest needs, a series 2. Texts of traits are taken as 16
  /// bytes long, and one chain as open in each entry window.
  public static func bytesPerUser(_ plan: PipelinePlan) -> [StateCost] {
    var costs: [StateCost] = []
    if !plan.traits.isEmpty {
      let bytes = plan.traits.reduce(into: Int64(4)) { $0 += $1.kind == .count ? 2 : 2 + 16 }
      costs.append(StateCost(stage: "users", bytes: bytes))
    }
    for funnel in plan.funnels {
      let steps = Int64(funnel.steps.count)
      costs.append(
        StateCost(
          stage: funnel.name,
          bytes: 1 + funnel.openWindows * (9 + varintBytes(funnel.withinMs) * (steps - 1)),
          per: funnel.per?.text))
    }
    for retention in plan.retentions {
      let bytes =
        retention.mode == .firstTime ? 10 : 8 + 3 * (Int64(retention.periods) + 1)
      costs.append(StateCost(stage: retention.name, bytes: bytes))
    }
    for session in plan.sessions { costs.append(StateCost(stage: session.name, bytes: 18)) }
    for lifecycle in plan.lifecycles { costs.append(StateCost(stage: lifecycle.name, bytes: 9)) }
    for firsts in plan.kpiUserSets { costs.append(StateCost(stage: firsts, bytes: 5)) }
    return costs
  }

  /// Bytes of a number that takes seven bits a byte.
  static func varintBytes(_ number: Int64) -> Int64 {
    Int64((64 - max(1, number).leadingZeroBitCount + 6) / 7)
  }

  /// What all stages together keep of each user: bytes for users, and for each key of a funnel
  /// with `per`. Empty when no stage follows users.
  public static func totalBytesPerKey(_ plan: PipelinePlan) -> [(key: String, bytes: Int64)] {
    let costs = bytesPerUser(plan)
    var totals: [(key: String, bytes: Int64)] = []
    let ofUsers = costs.filter { $0.per == nil }
    if !ofUsers.isEmpty {
      totals.append(("user", userBytes + ofUsers.reduce(0) { $0 + $1.bytes }))
    }
    for cost in costs {
      if let per = cost.per { totals.append((per, userBytes + cost.bytes)) }
    }
    return totals
  }

  static func costs(_ plan: PipelinePlan) -> Section {
    let costs = bytesPerUser(plan)
    var rows = costs.map { [$0.stage, $0.per ?? "user", "\($0.bytes)"] }
    for (key, bytes) in totalBytesPerKey(plan) { rows.append(["in all", key, "\(bytes)"]) }
    return Section(
      title: "State, at most about", columns: ["stage", "of each", "bytes"], rows: rows)
  }
}
