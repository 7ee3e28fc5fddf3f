/// The reference of the pipeline file, made of what every option declares.
public enum PipelineReference {
  /// `docs/pipeline.md`.
  public static func markdown() -> String {
    var page = Page()
    page.add(introduction)
    page.section("Top level", PipelineOptions.all)
    page.add(fields)
    page.add(values)
    page.add(rules)
    page.add(expectations)
    return page.text
  }

  private static let introduction = """
    # The pipeline file

    One YAML file says what a worker reads and what it computes. This page is made of the
    declarations that the parser itself works by: `swift test --filter PipelineReferenceTests` says
    when they differ and how to make it again.

    `weir check FILE` reports everything that is wrong with a file at once, each fault with its line
    and column. An option that is not on this page is a fault, never ignored.

    `${NAME}`, `${NAME:-default}` and `${file:/path}` may be part of any value; `$${` is a literal
    `${`. Anchors, aliases and `<<` work; keys at the top that begin with `x-` are yours, as a place for
    anchors. A file has at most 1 MiB, 64 levels and 100,000 values, and
    at most 1,000 sources, stages of a kind, traits, derived fields and tests each.

    """

  private static var fields: String {
    var text = """
      ## Fields

      Each entry of `fields` names something of an event and says where it is:

      | written | is |
      | --- | --- |
      | `total` or `properties.total` | a path: of a member at the root, or of one further in; in CSV a column |
      | `[user_id, anonymous_id]` | the first of these paths that is neither missing nor null |
      | `{const: purchase}` | always this value |
      | `$key` `$timestamp` `$topic` `$headers.NAME` | a part of the Kafka record |
      | `{path: date, format: yyyyMMdd, zone: Asia/Shanghai}` | only for `time`: its format, and its zone where it has none. Parts are `yyyy yy MM dd HH mm ss SSS`; of `M d H m s` one or two digits are read, `h` and `a` are hours of half a day and AM or PM, what stands in `[…]` may be missing, other letters stand in `'…'`: `yyyy/M/d H:mm[:ss]` reads `2024/3/13 10:21` |

      `name` and `time` are needed. In expressions `event`, `user`, `time` and `id` are the event's own, wherever they
      come from; every other path is that of the payload, unless `fields` or `derive` has it.

      Presets, by `format`:

      | format | what | name | user | time | id |
      | --- | --- | --- | --- | --- | --- |

      """
    for preset in FormatPreset.all {
      let cells = ["name", "user", "time", "id"].map { field in
        let paths = preset.paths.first { $0.field == field }?.paths ?? []
        return paths.map { "`\($0)`" }.joined(separator: ", ")
      }
      text += "| `\(preset.name)` | \(preset.text) | \(cells.joined(separator: " | ")) |\n"
    }
    return text
  }

  private static let values = """

    ## Values

    **Durations** are a whole number and a unit: `200ms 5s 1m 2h 1d 1w`. A day is 24 hours there.
    **Windows** also take `1mo 1q 1y`, and from days on they follow the calendar of the pipeline's `zone`: a day has 23 to
    25 hours, a week begins on Monday. `24h` is a fixed length in a window too.
    `window` and `every` are in the same unit, but for weeks every so many days.
    **Sizes** are a whole number and a unit: `64KiB 512MiB 1GiB`.
    **Times** are RFC 3339 or a date; without an offset they are of the pipeline's zone.

    """

  private static let rules = """

    ## Rules

    [alerts.md](alerts.md) says what alerts, risks, health rules and messages do, [thresholds.md](thresholds.md)
    what their thresholds are. Distances in `same_time`, `change`, `mean` and `stddev` are a whole number of
    the watched windows' distance: `1w` are 7 windows of a day of the calendar, and 168 of an hour; at most 40,000.
    `active` takes days, hours or both: `mon-fri`, `9:00-18:00`, `"sat,sun 22:00-06:00"`. Hours that pass
    midnight end on the day after.

    """

  private static let expectations = """

    ## Tests

    ```yaml
    tests:
      - name: payments add up
        events:
          - {timestamp: "2026-01-01T00:00:10Z", event: purchase, user_id: u1, properties: {total: 12.5}}
          - {timestamp: "2026-01-01T00:00:20Z", event: purchase, user_id: u2, properties: {total: 7.5}}
        expect:
          metrics:
            - {metric: revenue, window: "2026-01-01T00:00:00Z", value: 20}
          fates: {applied: 2, rejected: 0}
    ```

    Events are read in their order as one partition, then the input ends and every window closes.

    Rows of funnels and retention may be written as lists, a row for each step from the first, or
    for each period from 0. Of quantiles, 1% is taken for equal:

    ```yaml
    expect:
      funnels:
        - {funnel: checkout, entry_day: 2026-01-01, users: [4, 3, 1]}
        - {funnel: checkout, step: paid, conversion_from_start: 1/4, p50_ms: 90000}
      retention:
        - {retention: weekly, cohort: 2026-01-05, users: [3, 2, 0, 1], amount: [30, 12.5, none, 5]}
      sessions:
        - {session: visits, day: 2026-01-01, sessions: 2, users: 1, entry_events: {home: 2}}
    ```

    Of alerts, `alerts: []` expects that none fired, and `findings: []` that none was found; a list of
    states is of all transitions of a rule and its dimensions. `thresholds` gives them other values in
    one test:

    ```yaml
    thresholds: {payment_trouble.above: 0.5}
    expect:
      alerts:
        - {rule: payment_trouble, window: 2026-01-02, opened: 2026-01-03, resolved: none, value: 0.7}
        - {rule: no_orders, state: none}
      alert_transitions:
        - {rule: payment_trouble, to: [pending, firing]}
      findings:
        - {rule: card_testing, entity: 10.0.0.1, opened: "2026-01-02T08:04:00Z", closed: none}
    ```
    """

  /// A page in the making: a table for each mapping of options.
  private struct Page {
    private(set) var text = ""

    mutating func add(_ part: String) { text += part + (part.hasSuffix("\n") ? "" : "\n") }

    mutating func section(_ title: String, _ options: [OptionSpec]) {
      text += "\n## \(title)\n\n| option | value | default | what |\n| --- | --- | --- | --- |\n"
      for option in options where !option.isRefused { text += row(option) }
      let later = options.filter(\.isLater).map { "`\($0.name)`" }
      if !later.isEmpty {
        text += "\nNot part of this version, and refused: \(later.joined(separator: ", ")).\n"
      }
      for option in options {
        // The entries of `sources` have the options of `source`.
        if option.name != PipelineOptions.sources.spec.name, let children = option.kind.children {
          section(
            (title == "Top level" ? "" : "\(title).") + "\(option.name)\(option.kind.suffix)",
            children)
        }
      }
    }

    private func row(_ option: OptionSpec) -> String {
      var kind = option.kind.legal
      if case .expression = option.kind { kind = "expression" }
      let fallback =
        option.isRequired ? "required" : option.defaultText.map { "`\($0)`" } ?? ""
      var what = option.text
      if let example = option.example { what += " Example: `\(example)`" }
      let cells = ["`\(option.shownName ?? option.name)`", kind, fallback, what]
      return "| "
        + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
    }
  }
}

extension OptionSpec {
  /// Whether only a later version knows it, or another place of the file.
  var isRefused: Bool { if case .elsewhere = kind { true } else { isLater } }

  /// Whether only a later version knows it.
  fileprivate var isLater: Bool { if case .unavailable = kind { true } else { false } }
}

extension OptionKind {
  fileprivate var children: [OptionSpec]? {
    switch self {
    case .group(let children), .named(_, let children), .list(let children): children
    default: nil
    }
  }

  fileprivate var suffix: String {
    switch self {
    case .named: ".NAME"
    case .list: "[]"
    default: ""
    }
  }
}
