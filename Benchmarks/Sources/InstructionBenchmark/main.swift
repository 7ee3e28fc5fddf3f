// Instructions per event of three fixed jobs, against those that are written down.
//
//   swift run -c release --package-path Benchmarks InstructionBenchmark [write]
//
// Counted by valgrind, which sees every instruction and no clock: the same on a busy machine as on
// a quiet one. A job runs over few and over many events; what they differ by is what an event
// takes, without the start, and less what making it takes. Ends with 1 when a job takes over 5%
// more than written in Benchmarks/instructions.json; `write` writes down what is so now.

import BenchmarkKit
import Foundation

let tolerance = 0.05
let few = 20_000
let many = 60_000

/// What is written down: instructions per event by job, and where they were counted.
struct Ledger: Codable {
  var machine: String
  var instructionsPerEvent: [String: Double]
}

let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()
let ledgerFile = root.appendingPathComponent("instructions.json")

/// The kind of machine that the numbers hold for.
var machine: String {
  #if arch(x86_64)
    "x86_64"
  #elseif arch(arm64)
    "arm64"
  #else
    "other"
  #endif
}

/// The program that runs the jobs, without what a debugger would read of it: valgrind stops at
/// kinds of that which it does not know.
func stripped(into folder: URL) throws -> String {
  let copy = folder.appendingPathComponent("jobs").path
  _ = try ChildProcess.run(
    "/usr/bin/env",
    [
      "strip", "--strip-debug", "-o", copy,
      root.appendingPathComponent(".build/release/CoreBenchmark").path,
    ])
  return copy
}

/// Instructions of the whole process.
func count(_ binary: String, _ job: String, _ events: Int) throws -> Double {
  let said = binary + ".said"
  // A hash table of the standard library else has another seed each time.
  _ = try ChildProcess.run(
    "/usr/bin/env",
    [
      "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--log-file=\(said)",
      binary, "instructions", job, String(events),
    ], environment: ["SWIFT_DETERMINISTIC_HASHING": "1"])
  let text = try String(contentsOfFile: said, encoding: .utf8)
  guard let match = text.firstMatch(of: /Collected\s*:\s*(?<count>\d+)/),
    let count = Double(match.count)
  else { throw BenchmarkError("valgrind said nothing of instructions: \(text.suffix(300))") }
  return count
}

/// Instructions per event of each job.
func counted() throws -> [String: Double] {
  try Worker.inFolder { folder in
    let binary = try stripped(into: folder)
    func perEvent(_ job: String) throws -> Double {
      (try count(binary, job, many) - count(binary, job, few)) / Double(many - few)
    }
    let none = try perEvent("none")
    var counts: [String: Double] = [:]
    for job in ["decode", "metrics", "full"] { counts[job] = (try perEvent(job) - none).rounded() }
    return counts
  }
}

do {
  let isWriting = CommandLine.arguments.dropFirst().first == "write"
  let now = try counted()
  if isWriting {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try (encoder.encode(Ledger(machine: machine, instructionsPerEvent: now)) + Data([10]))
      .write(to: ledgerFile)
  }
  let ledger = try JSONDecoder().decode(Ledger.self, from: Data(contentsOf: ledgerFile))
  print("instructions per event, counted by valgrind; written down for \(ledger.machine)")
  var isWorse = false
  for (job, value) in now.sorted(by: { $0.key < $1.key }) {
    guard ledger.machine == machine, let known = ledger.instructionsPerEvent[job] else {
      print(String(format: "  %-8@ %6.0f", job as NSString, value))
      continue
    }
    let ratio = value / known
    isWorse = isWorse || ratio > 1 + tolerance
    print(
      String(
        format: "  %-8@ %6.0f  written down %6.0f  %.3f x%@", job as NSString, value, known, ratio,
        ratio > 1 + tolerance
          ? "  MORE THAN 5% MORE" : ratio < 1 - tolerance ? "  less: write it down" : ""))
    try Figures.note(
      Figure(
        "instructions per event", job, value, "instructions", .atMost(known * (1 + tolerance))))
  }
  exit(isWorse ? 1 : 0)
} catch {
  FileHandle.standardError.write(
    Data("InstructionBenchmark: \(error)\n(`scripts/bootstrap bench` installs valgrind)\n".utf8))
  exit(1)
}
