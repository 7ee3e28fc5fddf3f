import StreamCore

/// One KPI.
enum KPIOptions {
  static let formula = Option.requiredExpression(
    "formula",
    "Its value, of metrics and formulas over the KPI's period, of other KPIs of the same period, "
      + "and of the newest settled number of stages with windows of their own, by the names that "
      + "alerts use. `previous(NAME)` is any of these over the same part of the period before.",
    example: "revenue / orders")
  static let period: Option<WindowLength> = {
    var option = Option.window(
      "period",
      "How long it is measured before it begins anew: from `5m` up to `24h`, or days, weeks, "
        + "months of the calendar.",
      example: "1mo")
    option.spec.isRequired = true
    return option
  }()
  static let layer = Option.text(
    "layer", kind: .choice(KPILayer.allCases.map(\.rawValue)), required: true,
    "What it is about: what the business lives on, what moves that, or what people do day by day.",
    example: "business")
  static let unit = Option.text(
    "unit", "Unit of its value: `CNY`, `users`, …; `%` shows a share as a percentage.",
    example: "CNY")
  static let owner = Option.text("owner", "Who answers for it.", example: "growth")
  static let target = Option.number(
    "target", "What it should be at the end of a period.", example: "100000")
  static let direction = Option.choice(
    "direction", KPIDirection.allCases.map(\.rawValue), default: "up",
    "Which way it should go.")
  static let children = Option.custom(
    "children", "a list of KPIs", default: "[]",
    "The KPIs that it is made of, or that move it. Each has one parent at most.",
    example: "[orders, basket]")
  static let title = Option.text(
    "title", "What people read in place of its name.", example: "Average order value")

  static let all: [OptionSpec] = [
    formula.spec, period.spec, layer.spec, unit.spec, owner.spec, target.spec, direction.spec,
    children.spec, title.spec,
  ]
}
