/// What one look of `weir doctor` found.
struct DoctorFinding: Sendable, Equatable, Encodable {
  /// How bad it is.
  enum State: String, Sendable, Encodable {
    case ok, warning, problem
  }

  /// Name of the check.
  var check = ""
  var state: State
  /// What was found, and what it means.
  var what: String
  /// What to do about it; nil where nothing is to be done.
  var whatToDo: String?
  /// Whether a broker could not be reached.
  var isUnreachable = false

  enum CodingKeys: String, CodingKey {
    case check, state, what, whatToDo
  }

  static func ok(_ what: String) -> DoctorFinding { DoctorFinding(state: .ok, what: what) }

  static func warning(_ what: String, _ whatToDo: String) -> DoctorFinding {
    DoctorFinding(state: .warning, what: what, whatToDo: whatToDo)
  }

  static func problem(_ what: String, _ whatToDo: String) -> DoctorFinding {
    DoctorFinding(state: .problem, what: what, whatToDo: whatToDo)
  }
}

/// One check of `weir doctor`: a new one is a line in `DoctorChecks.all`.
struct DoctorCheck: Sendable {
  var name: String
  /// Wall time after which it is given up.
  var limitMs: Int64 = 15_000
  var run: @Sendable (DoctorCase) -> [DoctorFinding]

  /// Runs it on a thread of its own, which is left behind when it takes too long: what hangs in the
  /// kernel, as a lost network file system does, cannot be ended.
  func findings(_ patient: DoctorCase) -> [DoctorFinding] {
    let answer = DoctorAnswer()
    let run = run
    answer.ask { run(patient) }
    let found =
      answer.wait(ms: limitMs) ?? [
        .problem(
          "no answer within \(limitMs / 1_000) s",
          "see whether the disk, the name service or the network hangs, then ask again")
      ]
    return found.map { finding in
      var finding = finding
      finding.check = name
      return finding
    }
  }
}
