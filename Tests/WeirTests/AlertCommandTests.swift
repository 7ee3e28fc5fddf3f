import Foundation
import SnapshotStore
import StreamCore
import Testing
import WorkerRuntime

@Suite(.serialized) struct AlertCommandTests {
  private func weir(_ arguments: String...) async throws -> Outcome {
    try await Command.run(arguments)
  }

  private func object(_ outcome: Outcome) throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
  }

  @Test func `A run is listed and shown with what moved it, its steps and why nobody was told`()
    async throws
  {
    let folder = try TemporaryFolder()
    let data = try await AlertFixture.run(folder)
    let list = try await weir("alerts", "list", data, "--rule", "trouble")
    #expect(list.code == 0, "\(list)")
    let line = try #require(list.output.split(separator: "\n").dropFirst().first)
    #expect(line.contains("  resolved  critical  alert  trouble  platform=ios tier=1  "), "\(list)")
    #expect(list.output.contains("0 firing, 1 other; pipeline pay, snapshot "), "\(list)")
    let id = String(line.prefix(10))
    let show = try await weir("alerts", "show", data, String(id.prefix(6)))
    #expect(show.code == 0, "\(show)")
    for text in [
      "trouble platform=ios tier=1: resolved, critical\n", "about        Payments fail\n",
      "rule         watch error_rate; when value > above\n",
      "began        2026-01-05T08:10:00+08:00\n", "fired        2026-01-05T08:11:00+08:00\n",
      "ended        2026-01-05T08:16:00+08:00\n", "runbook      Ask the provider.\n",
      "2026-01-05T08:10:00+08:00  2026-01-05T08:11:00+08:00  pending   firing      0.5       10  "
        + "above=0.2\n",
      "not sent: what it tells ended longer ago than notify_within when it was decided\n",
      "next\n  none: it is over\n",
    ] {
      #expect(show.output.contains(text), "\(text) is not in \(show.output)")
    }
    let findings = try object(try await weir("alerts", "list", data, "--state", "all", "--json"))
    let alerts = try #require(findings["alerts"] as? [[String: Any]])
    #expect(Set(alerts.compactMap { $0["kind"] as? String }) == ["alert", "risk"])
    let overview = try await weir("report", data)
    #expect(
      overview.output.contains("fires now")
        == (alerts.contains { $0["state"] as? String == "firing" }))
    let check = try await weir("check", folder.file("pay.yaml"))
    #expect(check.output.contains(" 3 metrics, 1 alert, 1 risk, 0 tests\n"), "\(check)")
  }

  @Test func `What fires stands first, and the overview has it too`() async throws {
    let folder = try TemporaryFolder()
    let data = folder.file("pay.sqlite")
    var rows = ResultRows()
    rows.alerts = [
      AlertFixture.alert("aaaa", "ios", .resolved), AlertFixture.alert("bbbb", "web", .firing),
      AlertFixture.alert("cccc", "app", .pending), AlertFixture.alert("dddd", "tv", .inactive),
    ]
    try AlertFixture.write(data, rows)
    let list = try await weir("alerts", data)
    #expect(
      list.output.hasPrefix(
        """
        id          state     severity  kind   rule     series        since                 until                 value  judged with  owner
        bbbb000000  firing    critical  alert  trouble  platform=web  2026-01-05T00:01:00Z                          0.5  above=0.2    payments
        cccc000000  pending   critical  alert  trouble  platform=app  2026-01-05T00:00:00Z                          0.5  above=0.2    payments
        aaaa000000  resolved  critical  alert  trouble  platform=ios  2026-01-05T00:01:00Z  2026-01-05T00:02:00Z    0.5  above=0.2    payments

        1 firing, 2 others; pipeline pay, snapshot 1
        """), "\(list)")
    let all = try await weir("alerts", "list", data, "--state", "all", "--csv")
    #expect(all.output.split(separator: "\r\n").count == 5, "\(all)")
    let overview = try await weir("report", data)
    #expect(
      overview.output.contains(
        """
        fires now  rule     series        since                 value
        critical   trouble  platform=web  2026-01-05T00:01:00Z    0.5
        1 alert; see weir alerts list \(data)
        """), "\(overview)")
    for (arguments, word) in [
      (["--rule", "troble"], "did you mean trouble?"), (["--state", "fired"], "firing"),
      (["--since", "noon"], "noon is no time"), (["--json", "--csv"], "--json"),
    ] {
      let slip = try await Command.run(["alerts", "list", data] + arguments)
      #expect(slip.code == 2, "\(slip)")
      #expect(slip.errors.contains(word), "\(slip)")
    }
  }

  @Test func `Show says of every message what became of it, and what comes next`() async throws {
    let folder = try TemporaryFolder()
    let data = folder.file("pay.sqlite")
    var rows = ResultRows()
    rows.alerts = [AlertFixture.alert("bbbb", "web", .firing)]
    let now = SystemClock.now()
    let hourAgo = WallTime(ms: now.ms - 600_000)
    let later = WallTime(ms: now.ms + 600_000)
    try AlertFixture.write(
      data, rows,
      messages: [
        AlertFixture.message("1111", about: "bbbb", at: hourAgo),
        AlertFixture.message("2222", about: "bbbb", sink: "chat", at: hourAgo),
        AlertFixture.message("3333", about: "bbbb", sink: "sms", at: hourAgo),
        AlertFixture.message("4444", about: "bbbb", sink: "log", at: hourAgo, .suppressedReplay),
        AlertFixture.message("5555", about: "bbbb", sink: "old", at: hourAgo, .suppressedStale),
        AlertFixture.message(
          "6666", about: "bbbb", sink: "quiet", at: hourAgo, .suppressedSilenced),
      ],
      notes: [
        DeliveryNote(messageID: AlertFixture.id("1111"), outcome: .delivered(hourAgo)),
        DeliveryNote(messageID: AlertFixture.id("2222"), outcome: .dead(error: "HTTP 404")),
        DeliveryNote(
          messageID: AlertFixture.id("3333"), outcome: .retry(at: later, error: "HTTP 503")),
      ])
    let firing = try await weir("alerts", "show", data, "bbbb")
    for text in [
      "what moved it\n  0.1 → 0.5\n  channel = web: 0.1 → 0.9 (80%)\n", "delivered 20",
      "given up after 1 attempt: HTTP 404; `weir outbox retry \(data) 2222000000` sends it again\n",
      "1 attempt failed, the next not before 20", ": HTTP 503\n",
      "not sent: a replay tells nobody\n",
      "not sent: what it tells ended longer ago than notify_within",
      "not sent: the rule was silenced\n", "  repeated to ops at 20",
      ", unless it is acknowledged; repetition 1 of at most 5\n", "  escalated to boss at 20",
      "  to ops when it ends\n",
    ] {
      #expect(firing.output.contains(text), "\(text) is not in \(firing.output)")
    }
    let ack = try await weir("alerts", "ack", data, "bbbb", "--by", "ann", "--note", "on it")
    #expect(
      ack.output
        == "trouble platform=web (bbbb000000): acknowledged by ann; it is not repeated and not "
        + "escalated any more\n", "\(ack)")
    let silence = try await weir(
      "alerts", "silence", data, "trouble", "--for", "30m", "--where", "platform=web", "--by",
      "bob", "--note", "deploy")
    #expect(silence.output.hasPrefix("silence 1: trouble, platform=web, until 20"), "\(silence)")
    #expect(silence.output.contains(", by bob: deploy\nto end it earlier: weir alerts unsilence "))
    let seen = try await weir("alerts", "show", data, "bbbb")
    for text in [
      "  now          acknowledged by ann; silenced\n", " by ann: on it\n",
      "  not repeated and not escalated: ann acknowledged it at 20",
      "  but nothing is sent before 20", ": silence 1 by bob\n",
    ] {
      #expect(seen.output.contains(text), "\(text) is not in \(seen.output)")
    }
    let json = try object(try await weir("alerts", "show", data, "bbbb", "--json"))
    #expect(json["acknowledgedBy"] as? [String] == ["ann"])
    #expect((json["messages"] as? [Any])?.count == 6)
    let listed = try await weir("alerts", "list", data)
    #expect(listed.output.contains("acknowledged by ann; silenced\n"), "\(listed)")
    #expect(listed.output.contains("\nsilence 1: trouble, platform=web, until "), "\(listed)")
    let ended = try await weir("alerts", "unsilence", data, "1")
    #expect(ended.output == "silence 1 of trouble has ended; messages are sent again\n", "\(ended)")
    let again = try await weir("alerts", "unsilence", data, "1")
    #expect(again.code == 1, "\(again)")
    #expect(again.errors.contains("silence 1 is over"))
  }

  @Test func `What cannot be acknowledged or silenced is refused, and nothing is written`()
    async throws
  {
    let folder = try TemporaryFolder()
    let data = folder.file("pay.sqlite")
    var rows = ResultRows()
    rows.alerts = [
      AlertFixture.alert("aaaa1", "ios", .firing), AlertFixture.alert("aaaa2", "web", .firing),
    ]
    try AlertFixture.write(data, rows)
    let slips: [(Int32, [String], String)] = [
      (1, ["ack", data, "ffff", "--by", "ann"], "there is no alert and no finding 'ffff'"),
      (1, ["ack", data, "aaaa", "--by", "ann"], "'aaaa' is the beginning of several ids"),
      (1, ["ack", data, "aaaa1", "--by", " "], "the name of who acknowledges is missing"),
      (1, ["show", data, "ffff"], "there is no alert and no finding 'ffff'"),
      (2, ["silence", data, "troble"], "did you mean trouble?"),
      (2, ["silence", data, "trouble", "--where", "platfrom=ios"], "did you mean 'platform'?"),
      (2, ["silence", data, "trouble", "--for", "2 hours"], "--for 2 hours is no duration"),
      (2, ["silence", data, "trouble", "--for", "0"], "--for 0"),
      (1, ["unsilence", data, "9"], "there is no silence 9"),
    ]
    for (code, arguments, word) in slips {
      let outcome = try await Command.run(["alerts"] + arguments)
      #expect(outcome.code == code, "\(arguments) \(outcome)")
      #expect(outcome.errors.contains(word), "\(arguments) \(outcome)")
    }
    let nobody = try await Command.run(
      ["alerts", "ack", data, "aaaa1"], environment: ["USER": "", "LOGNAME": ""])
    #expect(nobody.code == 2, "\(nobody)")
    let reader = try ResultsReader.open(path: data)
    #expect(try reader.silences().isEmpty)
    #expect(try reader.alerts().allSatisfy(\.acknowledgements.isEmpty))
  }

  @Test func `Dead messages are listed and sent again, by id or all`() async throws {
    let folder = try TemporaryFolder()
    let data = folder.file("pay.sqlite")
    let then = WallTime(ms: AlertFixture.start)
    try AlertFixture.write(
      data, ResultRows(),
      messages: ["1111", "2222", "3333"].map {
        AlertFixture.message($0, about: "bbbb", sink: $0 == "3333" ? "chat" : "ops", at: then)
      },
      notes: ["1111", "2222", "3333"].map {
        DeliveryNote(messageID: AlertFixture.id($0), outcome: .dead(error: "HTTP 404"))
      })
    func states() throws -> [OutboxState] {
      try ResultsReader.open(path: data).outbox().reversed().map(\.message.state)
    }
    let list = try await weir("outbox", "list", data, "--state", "dead")
    #expect(
      list.output.contains(
        "1111000000  ops          dead   firing  trouble  bbbb000000  2026-01-05T00:00:00Z"
          + "         1  HTTP 404\n"), "\(list)")
    #expect(list.output.contains("\nchat: 1 dead, ops: 2 dead\n`weir outbox retry "), "\(list)")
    for (code, arguments, word) in [
      (2, ["retry", data], "--dead"), (2, ["retry", data, "1111", "--dead"], "--dead"),
      (1, ["retry", data, "1111", "9999"], "no message '9999' that is pending or dead"),
      (2, ["list", data, "--sink", "osp"], "did you mean ops?"),
    ] as [(Int32, [String], String)] {
      let slip = try await Command.run(["outbox"] + arguments)
      #expect(slip.code == code, "\(slip)")
      #expect(slip.errors.contains(word), "\(slip)")
    }
    #expect(try states() == [.dead, .dead, .dead], "a refused retry changes nothing")
    let one = try await weir("outbox", "retry", data, "1111")
    #expect(one.output.hasPrefix("1 message due now; "), "\(one)")
    #expect(try states() == [.pending, .dead, .dead])
    let sink = try await weir("outbox", "retry", data, "--dead", "--sink", "chat")
    #expect(sink.code == 0, "\(sink)")
    #expect(try states() == [.pending, .dead, .pending])
    _ = try await weir("outbox", "retry", data, "--dead")
    #expect(try states() == [.pending, .pending, .pending])
    let none = try await weir("outbox", "retry", data, "--dead")
    #expect(none.output == "no message is dead: nothing was changed\n", "\(none)")
    let csv = try await weir("outbox", "list", data, "--csv", "--limit", "1")
    #expect(csv.output.split(separator: "\r\n").count == 2, "\(csv)")
  }
}
