import KafkaClient
import PipelineSpec
import SnapshotStore
import StreamCore
import WorkerRuntime

/// Everything that `weir doctor` looks at, in its order.
enum DoctorChecks {
  static let all: [DoctorCheck] = [
    DoctorCheck(name: "versions") { _ in [.ok(versions)] },
    DoctorCheck(name: "limits", run: MachineChecks.limits),
    DoctorCheck(name: "pipeline", run: pipeline),
    DoctorCheck(name: "brokers", run: BrokerChecks.brokers),
    DoctorCheck(name: "topics", limitMs: 30_000, run: BrokerChecks.topics),
    DoctorCheck(name: "group", limitMs: 30_000, run: GroupChecks.commits),
    DoctorCheck(name: "clock", run: BrokerChecks.clock),
    DoctorCheck(name: "directory", run: DataChecks.directory),
    DoctorCheck(name: "lock", run: DataChecks.lock),
    DoctorCheck(name: "files", limitMs: 60_000, run: DataChecks.files),
    DoctorCheck(name: "console", run: AddressChecks.console),
    DoctorCheck(name: "notify", run: AddressChecks.destinations),
  ]

  private static var versions: String {
    "weir \(WeirVersion.current), Swift \(swiftVersion), librdkafka \(ClientVersion.librdkafka), "
      + "SQLite \(FileHealth.sqliteVersion), simdjson \(DecoderVersion.simdjson), "
      + "tzdata \(TimeZoneData.version)"
  }

  private static var swiftVersion: String {
    #if compiler(>=6.4)
      "6.4 or later"
    #elseif compiler(>=6.3)
      "6.3"
    #elseif compiler(>=6.2)
      "6.2"
    #else
      "6.1"
    #endif
  }

  /// The file itself, and variables that it needs and nobody set.
  @Sendable private static func pipeline(_ patient: DoctorCase) -> [DoctorFinding] {
    if !patient.faults.isEmpty {
      return patient.faults.map {
        .problem($0, "mend the file: no worker starts with it; `weir check` shows the same")
      }
    }
    guard let pipeline = patient.pipeline else { return [] }
    var findings: [DoctorFinding] = [
      .ok("\(pipeline.plan.name) is right; `weir check --explain` shows where each setting is from")
    ]
    for value in pipeline.given {
      for use in value.uses where use.source == .missing {
        findings.append(
          .problem(
            "\(value.path) needs \(use.name), which is not set or cannot be read here",
            "set it in the environment of the worker, or make the file readable for its user"))
      }
    }
    return findings
  }
}
