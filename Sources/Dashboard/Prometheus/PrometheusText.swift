import Foundation
import SnapshotStore
import StreamCore

/// Figures in the text exposition format of Prometheus, version 0.0.4.
struct PrometheusText {
  /// One value under its labels.
  typealias Sample = (labels: KeyValuePairs<String, String>, value: Double)

  private var text = ""

  /// Adds a family: its help, its type, and a line for each sample.
  mutating func family(
    _ name: String, _ type: String, _ help: String,
    _ samples: [Sample]
  ) {
    guard !samples.isEmpty else { return }
    text += "# HELP weir_\(name) \(help)\n# TYPE weir_\(name) \(type)\n"
    for sample in samples {
      let labels = sample.labels.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
      text += "weir_\(name)"
      if !labels.isEmpty { text += "{\(labels.joined(separator: ","))}" }
      text += " \(JSON.text(sample.value))\n"
    }
  }

  /// Adds a family of one sample.
  mutating func single(_ name: String, _ type: String, _ help: String, _ value: Double?) {
    family(name, type, help, value.map { [Sample(labels: [:], value: $0)] } ?? [])
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  /// All figures of a console, as of now.
  static func make(_ asked: Asked) throws -> String {
    var page = PrometheusText()
    let live = asked.console.setup.live?()
    page.family(
      "info", "gauge", "Pipeline whose results these are.", [(["pipeline": asked.file.name], 1)])
    try page.addFates(asked, live)
    try page.addPartitions(asked, live)
    try page.addSnapshots(asked, live)
    try page.addFile(asked, live)
    page.addCopies(asked, live)
    try page.addPeople(asked)
    page.addProcess()
    return page.text
  }

  private mutating func addFates(_ asked: Asked, _ live: LiveFigures?) throws {
    let fates =
      try live?.fates
      ?? asked.reader.partitions().reduce(into: FateCounts()) { $0 = $0 + $1.fates }
    family(
      "events_total", "counter", "Events by fate; what was read is their sum.",
      [
        (["fate": "applied"], Double(fates.applied)),
        (["fate": "duplicate"], Double(fates.duplicate)),
        (["fate": "filtered"], Double(fates.filtered)), (["fate": "late"], Double(fates.late)),
        (["fate": "rejected"], Double(fates.rejected)),
      ])
    single(
      "events_per_second", "gauge", "Events read in a second, over the last few.", live?.perSecond)
  }

  private mutating func addPartitions(_ asked: Asked, _ live: LiveFigures?) throws {
    let lags = live?.partitions ?? []
    family(
      "lag_records", "gauge", "Records that wait in Kafka.",
      lags.compactMap { partition in
        partition.lag.map {
          (
            ["topic": partition.id.topic, "partition": String(partition.id.partition)], Double($0)
          )
        }
      })
    let progress = try asked.reader.partitions()
    family(
      "next_offset", "gauge", "Offset of the next record to read, as of the last snapshot.",
      progress.map {
        (
          ["topic": $0.id.topic, "partition": String($0.id.partition)], Double($0.nextOffset)
        )
      })
    family(
      "partition_idle", "gauge", "Whether the partition is taken as idle.",
      progress.map {
        (["topic": $0.id.topic, "partition": String($0.id.partition)], $0.idle ? 1 : 0)
      })
    let snapshot = try asked.reader.snapshots(limit: 1).first
    if let watermark = live?.watermark ?? snapshot?.watermark {
      single(
        "watermark_delay_seconds", "gauge", "Wall time less the pipeline watermark.",
        Double(asked.now.ms - watermark.ms) / 1_000)
    }
    single(
      "catching_up", "gauge", "Whether what the file has already is being read again.",
      live.map { $0.isCatchingUp ? 1 : 0 })
    single(
      "stalled_seconds", "gauge",
      "For how long the worker has got nothing done, as far as anybody looked.",
      live.map { Double($0.stalledMs) / 1_000 })
  }

  private mutating func addSnapshots(_ asked: Asked, _ live: LiveFigures?) throws {
    let snapshot = try asked.reader.snapshots(limit: 1).first
    single("snapshots_total", "counter", "Snapshots in the file.", snapshot.map { Double($0.id) })
    if let snapshot {
      single(
        "snapshot_age_seconds", "gauge", "Wall time since the last snapshot.",
        Double(max(0, asked.now.ms - snapshot.taken.ms)) / 1_000)
    }
    single(
      "snapshot_commit_seconds", "gauge", "Wall time that the last commit took.",
      live.map { Double($0.commitMs) / 1_000 })
    single(
      "snapshot_pause_seconds", "gauge",
      "Longest wall time for which reading stood still for the last snapshot.",
      live.map { Double($0.pauseMicroseconds) / 1_000_000 })
  }

  private mutating func addFile(_ asked: Asked, _ live: LiveFigures?) throws {
    let sizes = asked.reader.fileSizes()
    family(
      "file_bytes", "gauge", "Bytes on disk.",
      [
        (["file": "results"], Double(sizes.results)), (["file": "results_wal"], Double(sizes.wal)),
        (["file": "state"], Double(sizes.state)), (["file": "state_wal"], Double(sizes.stateWal)),
      ])
    single("records", "gauge", "Records of users and other keys.", live.map { Double($0.records) })
    single(
      "record_bytes", "gauge", "Memory of these records.", live.map { Double($0.recordBytes) })
  }

  private mutating func addCopies(_ asked: Asked, _ live: LiveFigures?) {
    let copies = live?.copies ?? []
    let each = { (value: (LiveFigures.Copies) -> Double?) in
      copies.compactMap { copy in value(copy).map { Sample(labels: ["copy": copy.kind], value: $0) }
      }
    }
    family(
      "backup_age_seconds", "gauge", "Wall time since the newest good one; none without one.",
      each { copy in copy.last.map { Double(max(0, asked.now.ms - $0.ms)) / 1_000 } })
    family(
      "backup_bytes", "gauge", "Bytes of the newest good one.",
      each { $0.last == nil ? nil : Double($0.lastBytes) })
    family(
      "backup_seconds", "gauge", "Wall time that the last one took.",
      each { Double($0.tookMs) / 1_000 })
    family(
      "backup_failures_total", "counter", "Attempts that failed since the worker started.",
      each { Double($0.failures) })
  }

  private mutating func addPeople(_ asked: Asked) throws {
    let counts = try asked.reader.counts()
    family(
      "alerts", "gauge", "Alerts by state.",
      [AlertState.pending, .firing, .recovering].map {
        (["state": $0.rawValue], Double(counts.alerts[$0] ?? 0))
      })
    single("open_findings", "gauge", "Findings that are open.", Double(counts.openFindings))
    family(
      "outbox_messages", "gauge", "Messages by state.",
      counts.outbox.sorted { $0.key.rawValue < $1.key.rawValue }.map {
        (["state": $0.key.rawValue], Double($0.value))
      })
    single(
      "outbox_depth", "gauge", "Messages that wait to be delivered.",
      Double(counts.outbox[.pending] ?? 0))
    single(
      "outbox_oldest_pending_seconds", "gauge",
      "How long the oldest message waits; 0 without one.",
      counts.oldestPending.map { Double(max(0, asked.now.ms - $0.ms)) / 1_000 } ?? 0)
  }

  private mutating func addProcess() {
    #if os(Linux)
      let page = Double(sysconf(Int32(_SC_PAGESIZE)))
      if let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) {
        let fields = text.split(separator: " ")
        if fields.count > 1, let resident = Double(fields[1]) {
          single(
            "process_resident_memory_bytes", "gauge", "Memory that the process holds.",
            resident * page)
        }
      }
      var usage = rusage()
      if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
        func seconds(_ time: timeval) -> Double {
          Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000
        }
        single(
          "process_cpu_seconds_total", "counter", "Processor time of the process.",
          seconds(usage.ru_utime) + seconds(usage.ru_stime))
      }
      if let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
        single("process_open_fds", "gauge", "Open file descriptors.", Double(files.count))
      }
    #endif
  }
}
