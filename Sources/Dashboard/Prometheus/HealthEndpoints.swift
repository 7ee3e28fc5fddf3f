import HTTPTypes
import SnapshotStore
import StreamCore

/// Signs of life for machines.
enum HealthEndpoints {
  static let all: [Endpoint] = [alive, ready, metrics]

  /// Answered by the thread that reads the request: a console that is busy is alive.
  private static let alive: Endpoint = {
    var endpoint = Endpoint(
      .get, "/healthz", kind: .plain, access: .open,
      summary:
        "Whether the process is alive and its worker gets on; 503 with the reason otherwise.",
      response: .text("text/plain"), isCached: false
    ) { asked in Liveness.answer(asked.console.setup) }
    endpoint.immediate = Liveness.answer
    return endpoint
  }()

  private static let ready = Endpoint(
    .get, "/readyz", kind: .plain, access: .open,
    summary: "Whether it serves and is able to take snapshots; 503 with the reasons otherwise.",
    response: .text("text/plain"), isCached: false
  ) { asked in
    let reasons = Readiness.reasons(asked)
    var answer = Answer.text(
      reasons.isEmpty ? "ready\n" : reasons.map { $0 + "\n" }.joined())
    if !reasons.isEmpty { answer.status = .serviceUnavailable }
    return answer
  }

  private static let metrics = Endpoint(
    .get, "/metrics", kind: .plain, summary: "Figures in the text format of Prometheus.",
    response: .text("text/plain"), isCached: false
  ) { asked in
    .text(
      try PrometheusText.make(asked), contentType: "text/plain; version=0.0.4; charset=utf-8")
  }
}

/// Whether to leave the process running. What a restart does not mend is no reason to end it.
enum Liveness {
  /// A coordinator that has got nothing done for so long hangs: every step of it is bounded by
  /// time-outs that are shorter.
  static let stallMs: Int64 = 120_000

  static func answer(_ setup: ConsoleSetup) -> Answer {
    let stalledMs = setup.live?()?.stalledMs ?? 0
    if stalledMs < stallMs { return .text("ok\n") }
    var answer = Answer.text("the worker has got nothing done for \(stalledMs / 1_000) s\n")
    answer.status = .serviceUnavailable
    return answer
  }
}

/// Why a console would not be ready. Being caught up is a figure, not readiness.
enum Readiness {
  /// A snapshot this many times overdue is taken for one that cannot be had.
  static let patience: Int64 = 6

  static func reasons(_ asked: Asked) -> [String] {
    var reasons: [String] = []
    do {
      _ = try asked.reader.snapshots(limit: 1)
    } catch {
      reasons.append("the file cannot be read: \(error.what)")
    }
    guard let live = asked.console.setup.live else { return reasons }
    guard let figures = live() else { return reasons + ["the worker has not begun yet"] }
    let limitMs = max(figures.snapshotEveryMs * patience, 30_000)
    let since = figures.lastSnapshot ?? figures.started
    if !figures.isCatchingUp, asked.now.ms - since.ms > limitMs {
      reasons.append("no snapshot was taken for \((asked.now.ms - since.ms) / 1_000) s")
    }
    return reasons
  }
}
