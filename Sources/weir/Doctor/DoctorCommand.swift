import ArgumentParser
import PipelineSpec

/// `weir doctor`: whether a worker would run here, and what to do where it would not.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look at brokers, topics, disk, files and limits, and say what to do.",
    discussion: """
      Looks at everything that a worker of the pipeline would need, with the settings that it would \
      have: the flags are those of `weir run`. It changes nothing, joins no consumer group, sends no \
      message, and reaches nobody but the brokers and the name service. Every check has its time and \
      is given up after that. It may be run beside a worker.

      EXAMPLES
        weir doctor shop.yaml
        weir doctor shop.yaml --data /var/lib/weir/shop.sqlite
        weir doctor
            Versions and limits alone.

      Exit codes: 0 nothing is wrong, warnings apart; 1 problems; 2 wrong usage; 3 no broker could be \
      reached.
      """)

  @Argument(help: "The pipeline file.") var pipeline: String?

  @OptionGroup var worker: WorkerFlags

  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let patient = try examined()
    let findings = DoctorChecks.all.flatMap { $0.findings(patient) }
    if json { try Terminal.printJSON(Report(findings)) } else { tell(findings) }
    if findings.contains(where: { $0.isUnreachable && $0.state == .problem }) {
      throw ExitCode.unreachable
    }
    if findings.contains(where: { $0.state == .problem }) { throw ExitCode.foundWrong }
  }

  /// The settings of the worker; a file that is wrong is a finding.
  private func examined() throws -> DoctorCase {
    do {
      let choices = try WorkerChoices(worker.given, pipeline: pipeline, secretsRequired: false)
      var patient = DoctorCase()
      patient.pipeline = choices.pipeline
      patient.listen = choices.listen
      let isNamed = choices.pipeline != nil || choices.settings.value(WorkerSettings.data) != nil
      patient.dataPath = isNamed ? choices.dataPath : nil
      return patient
    } catch let faults as PipelineFaults {
      var patient = DoctorCase()
      patient.faults = faults.faults.map(\.description)
      patient.dataPath = worker.data
      return patient
    }
  }

  private func tell(_ findings: [DoctorFinding]) {
    let width = (DoctorChecks.all.map(\.name.count).max() ?? 0) + 2
    for finding in findings {
      func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
      }
      print(
        padded(finding.state.rawValue, 9) + padded(finding.check, width)
          + TextTable.printable(finding.what))
      if let whatToDo = finding.whatToDo {
        print(String(repeating: " ", count: 9 + width) + TextTable.printable(whatToDo))
      }
    }
    let counts = [DoctorFinding.State.ok, .warning, .problem].map { state in
      (state, findings.filter { $0.state == state }.count)
    }
    print(
      counts.map { state, count in
        state == .ok ? "\(count) ok" : Terminal.count(Int64(count), state.rawValue)
      }.joined(separator: ", "))
  }

  /// What `--json` prints.
  private struct Report: Encodable {
    var problems: Int
    var warnings: Int
    var findings: [DoctorFinding]

    init(_ findings: [DoctorFinding]) {
      problems = findings.filter { $0.state == .problem }.count
      warnings = findings.filter { $0.state == .warning }.count
      self.findings = findings
    }
  }
}
