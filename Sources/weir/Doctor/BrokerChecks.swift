import Dispatch
import KafkaClient
import PipelineSpec
import StreamCore
import Synchronization
import WorkerRuntime

/// Brokers, topics, and what their records say of this machine's clock.
enum BrokerChecks {
  /// Each bootstrap server by itself, all at a time.
  @Sendable static func brokers(_ patient: DoctorCase) -> [DoctorFinding] {
    var findings: [DoctorFinding] = []
    for cluster in patient.clusters {
      let addresses = cluster.addresses
      let answers = Mutex([DoctorFinding?](repeating: nil, count: addresses.count))
      DispatchQueue.concurrentPerform(iterations: addresses.count) { index in
        let found = ask(addresses[index], cluster.settings)
        answers.withLock { $0[index] = found }
      }
      let found = answers.withLock { $0.compactMap(\.self) }
      // One that answers is enough to find all others.
      let reached = found.contains { $0.state == .ok }
      findings += found.map { finding in
        guard reached, finding.isUnreachable else { return finding }
        return .warning(finding.what, finding.whatToDo ?? "")
      }
    }
    return findings
  }

  private static func ask(_ address: String, _ settings: KafkaSettings) -> DoctorFinding {
    var settings = settings
    settings.brokers = address
    let start = ContinuousClock.now
    do {
      let topics = try KafkaTopics(settings: settings).all(timeoutMs: DoctorCase.brokerMs)
      let ms = (ContinuousClock.now - start) / .milliseconds(1)
      return .ok(
        "\(address) answers in \(Int(ms.rounded(.up))) ms and shows \(topics.count) topics")
    } catch let error as KafkaError {
      var finding = DoctorFinding.problem(
        "\(address): \(kind(of: error)): \(error.message)", hint(error))
      finding.isUnreachable = error.domain != .user || error.codeName != "_INVALID_ARG"
      return finding
    } catch {
      return .problem("\(address): \(error)", "see to the broker")
    }
  }

  /// What kind of trouble it is: name, network, TLS, SASL and rights have different remedies.
  private static func kind(of error: KafkaError) -> String {
    switch error.codeName {
    case "_RESOLVE": "its name is not known"
    case "_SSL": "TLS fails"
    case "_AUTHENTICATION", "SASL_AUTHENTICATION_FAILED": "SASL fails"
    case "_INVALID_ARG": "an option is wrong"
    case _ where error.codeName.hasSuffix("AUTHORIZATION_FAILED"): "these credentials may not"
    // A broker that hangs up on a handshake is reported as one that is away.
    case _ where error.message.contains("SSL handshake failed"): "TLS fails"
    default: "it cannot be reached"
    }
  }

  private static func hint(_ error: KafkaError) -> String {
    switch error.codeName {
    case "_TIMED_OUT":
      "if the broker runs, see whether it wants TLS or SASL (security.protocol), and whether a "
        + "firewall drops packets"
    case _ where error.message.hasSuffix("Disconnected"):
      "it hangs up: see whether its listener speaks what security.protocol says, TLS or not, SASL "
        + "or not"
    default: error.hint ?? "see to the broker"
    }
  }

  // MARK: - Topics

  /// That each topic is there, what it holds, and how old its newest record is.
  @Sendable static func topics(_ patient: DoctorCase) -> [DoctorFinding] {
    var findings: [DoctorFinding] = []
    for cluster in patient.clusters {
      guard let topics = try? KafkaTopics(settings: cluster.settings),
        let all = try? topics.all(timeoutMs: DoctorCase.brokerMs)
      else {
        findings.append(
          .warning("not looked at: no broker answers", "make the check of brokers right first"))
        continue
      }
      for (source, topic, deadLetters) in cluster.topics {
        findings += look(at: topic, of: source, all, topics, cluster, patient)
        guard let deadLetters else { continue }
        findings.append(
          all[deadLetters].map { .ok("\(deadLetters) takes dead letters, \(partitions($0))") }
            ?? .warning(
              "\(deadLetters), for dead letters of \(source), is not there: where brokers create "
                + "no topics by themselves, snapshots would wait for it",
              "create it, or take dead_letters out of the pipeline file"))
      }
      for target in patient.pipeline?.notify.destinations ?? [] where target.kind == .kafka {
        guard !target.target.isEmpty, all[target.target] == nil else { continue }
        findings.append(
          .problem("the topic of destination \(target.name) is not there", "create it"))
      }
    }
    return findings
  }

  private static func look(
    at topic: String, of source: String, _ all: [String: Int32], _ topics: KafkaTopics,
    _ cluster: DoctorCase.Cluster, _ patient: DoctorCase
  ) -> [DoctorFinding] {
    guard let count = all[topic] else {
      let near = NearestName.of(topic, in: Array(all.keys)).map { "; did you mean \($0)?" } ?? ""
      return [
        .problem(
          "\(topic), which source \(source) reads, is not there\(near)",
          "create it, correct its name, or give these credentials the right to see it")
      ]
    }
    var held: [(id: PartitionID, marks: KafkaTopics.Watermarks)] = []
    do {
      for number in 0..<min(count, 256) {
        let id = PartitionID(topic: topic, partition: number)
        held.append((id, try topics.watermarks(id, timeoutMs: DoctorCase.brokerMs)))
      }
    } catch {
      return [
        .problem(
          "\(topic) is there, but a leader of its partitions does not answer: \(error)",
          "see whether the addresses that the brokers advertise can be reached from here")
      ]
    }
    let records = held.reduce(0) { $0 + $1.marks.end - $1.marks.earliest }
    let trimmed = held.filter { $0.marks.earliest > 0 }.count
    var text = "\(topic) has \(partitions(count)) with \(Terminal.count(records, "record"))"
    if trimmed > 0 { text += ", the oldest of \(trimmed) gone by retention or compaction" }
    guard let last = lastTime(held, cluster.settings) else { return [.ok(text)] }
    patient.newest.set(max(last, patient.newest.current ?? last))
    let age = max(0, patient.now().ms - last)
    return [.ok("\(text), the newest of \(Instants.text(EventTime(ms: last))) (\(ago(age)))")]
  }

  /// The newest timestamp of the last records; nil where there is none, or none came in time.
  private static func lastTime(
    _ held: [(id: PartitionID, marks: KafkaTopics.Watermarks)], _ settings: KafkaSettings
  ) -> Int64? {
    let filled = held.filter { $0.marks.end > $0.marks.earliest }
    guard !filled.isEmpty,
      let consumer = try? KafkaConsumer(
        settings: settings, groupID: nil, memoryBudgetBytes: 8 << 20, log: .silent),
      (try? consumer.assign(filled.map { ($0.id, .offset($0.marks.end - 1)) })) != nil
    else { return nil }
    defer { consumer.close() }
    var left = Set(filled.indices)
    var newest: Int64?
    let deadline = ContinuousClock.now + .milliseconds(Int(DoctorCase.brokerMs))
    while !left.isEmpty, ContinuousClock.now < deadline {
      let outcome = try? consumer.poll(timeoutMs: 100) { index, run in
        left.remove(index)
        for message in run where message.timestampMs != .min {
          newest = max(newest ?? .min, message.timestampMs)
        }
      }
      for end in outcome?.ends ?? [] { left.remove(end.assigned) }
    }
    return newest
  }

  /// The clock of this machine against timestamps that others wrote: what comes from the future
  /// shows that one of the two is wrong.
  @Sendable static func clock(_ patient: DoctorCase) -> [DoctorFinding] {
    guard let newest = patient.newest.current else {
      return [
        .ok("it is \(Instants.text(EventTime(ms: patient.now().ms))) here; no record to compare")
      ]
    }
    let aheadMs = newest - patient.now().ms
    let here = "it is \(Instants.text(EventTime(ms: patient.now().ms))) here"
    guard aheadMs > 5_000 else { return [.ok("\(here), after the newest record")] }
    return [
      .warning(
        "\(here), but the newest record is of \(ago(aheadMs, "later")): the clock here is slow, or "
          + "a producer's is fast",
        "see to NTP here and at the producers; health rules and `idle_after` go by this clock")
    ]
  }

  private static func partitions(_ count: Int32) -> String {
    Terminal.count(Int64(count), "partition")
  }

  private static func ago(_ ms: Int64, _ word: String = "ago") -> String {
    let seconds = ms / 1_000
    if seconds < 120 { return "\(Terminal.count(seconds, "second")) \(word)" }
    if seconds < 7_200 { return "\(Terminal.count(seconds / 60, "minute")) \(word)" }
    if seconds < 172_800 { return "\(Terminal.count(seconds / 3_600, "hour")) \(word)" }
    return "\(Terminal.count(seconds / 86_400, "day")) \(word)"
  }
}
