/// The states of one rule for one series; the diagram is beside `AlertState`.
///
/// A pure state machine: what it does depends on its state and the window alone. Windows that are
/// not judged never come here.
struct AlertMachine: Equatable {
  /// What a rule asks of windows.
  struct Rule: Equatable {
    var hold: AlertPlan.Hold
    var keepFiringForMs: Int64
  }

  /// One judged window.
  struct Window: Equatable {
    var start: EventTime
    var end: EventTime
    /// Whether the condition holds.
    var isWhen: Bool
    /// Whether what ends an alert holds.
    var isEnd: Bool
  }

  /// `inactive`, `pending`, `firing` or `recovering`.
  private(set) var state = AlertState.inactive
  /// Start of the first window in which the condition held.
  private(set) var firstStart = EventTime.distantPast
  /// Judged windows in which it held while pending.
  private(set) var held: Int64 = 0
  /// End of the window in which recovering began.
  private(set) var recoveringSince = EventTime.distantPast

  /// Nothing is wrong.
  init() {}

  /// A machine as it was saved.
  init(state: AlertState, firstStart: EventTime, held: Int64, recoveringSince: EventTime) {
    self.state = state
    self.firstStart = firstStart
    self.held = held
    self.recoveringSince = recoveringSince
  }

  /// Takes a window; gives the states that were entered, in order.
  mutating func take(_ window: Window, _ rule: Rule) -> [AlertState] {
    switch state {
    case .inactive, .resolved:
      guard window.isWhen else { return [] }
      firstStart = window.start
      held = 0
      state = .pending
      return [.pending] + hold(window, rule)
    case .pending:
      guard window.isWhen else {
        state = .inactive
        return [.inactive]
      }
      return hold(window, rule)
    case .firing:
      guard window.isEnd else { return [] }
      recoveringSince = window.end
      return recover(window, rule, entering: .recovering)
    case .recovering:
      guard window.isEnd else {
        state = .firing
        return [.firing]
      }
      return recover(window, rule, entering: nil)
    }
  }

  private mutating func hold(_ window: Window, _ rule: Rule) -> [AlertState] {
    held += 1
    let isHeld =
      switch rule.hold {
      case .windows(let count): held >= Int64(count)
      case .duration(let ms): window.end.ms - firstStart.ms >= ms
      }
    guard isHeld else { return [] }
    state = .firing
    return [.firing]
  }

  private mutating func recover(
    _ window: Window, _ rule: Rule, entering: AlertState?
  ) -> [AlertState] {
    if window.end.ms - recoveringSince.ms >= rule.keepFiringForMs {
      state = .inactive
      return [.resolved]
    }
    guard let entering else { return [] }
    state = entering
    return [entering]
  }
}
