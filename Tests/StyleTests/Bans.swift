/// Words that are not written here, each with its reason and what to write in its place.
struct Ban {
  /// Where a word counts.
  enum Place { case code, comments, everywhere }

  var word: String
  var place: Place = .code
  /// Folders or files in which it is banned, as beginnings of paths.
  var inside: [String] = ["Sources/", "Tests/", "Benchmarks/"]
  /// Beginnings of paths that are excepted.
  var except: [String] = []
  /// Not a fault where this follows on the same line.
  var unless: String?
  var why: String
  var instead: String

  func applies(to path: String) -> Bool {
    inside.contains { path.hasPrefix($0) } && !except.contains { path.hasPrefix($0) }
  }
}

extension Ban {
  static let all: [Ban] =
    crashes + sleeps + clocks + chances + leftovers + machinePaths + [
      Ban(
        word: "print(", inside: ["Sources/"], except: ["Sources/weir/"],
        why: "a library does not own the terminal",
        instead: "return the text or hand it to the caller's log"),
      Ban(
        word: "[unowned", why: "a dangling reference ends the process",
        instead: "[weak self], or pass what is needed"),
    ]

  private static let crashes = [
    Ban(
      word: "fatalError", why: "bad input is never a crash",
      instead: "a typed error; precondition for a broken invariant of our own"),
    Ban(word: "try!", why: "an error ends the process", instead: "try, or try #require in a test"),
    Ban(
      word: "as!", why: "a wrong type ends the process", instead: "as? with an error that says so"),
  ]

  /// `sleep` is also that of `Task`, `Thread` and the clocks.
  private static let sleeps = ["sleep", "usleep", "nanosleep"].map {
    Ban(
      word: $0 + "(", inside: ["Tests/"], why: "tests that sleep are slow and flaky",
      instead: "a VirtualClock, or wait for the thing itself")
  }

  private static let clocks = [
    "Date()", "Date.now", "ContinuousClock", "SuspendingClock", "DispatchTime", "clock_gettime",
    "gettimeofday", "time(nil)", "CFAbsoluteTimeGetCurrent",
  ].map {
    Ban(
      word: $0, inside: ["Sources/StreamCore/", "Sources/PipelineSpec/"],
      why: "results depend on the log alone; time is an argument",
      instead: "a WallTime or EventTime that the caller passes")
  }

  private static let chances =
    [".shuffled()", ".shuffle()", ".randomElement()", "SystemRandomNumberGenerator", "arc4random"]
    .map {
      Ban(
        word: $0, inside: ["Sources/"], why: "two runs must do the same",
        instead: "a generator with a seed: shuffled(using:)")
    } + [
      Ban(
        word: ".random(in:", inside: ["Sources/"], unless: "using:",
        why: "two runs must do the same", instead: "random(in:using:) with a seed"),
      Ban(
        word: "Hasher()", inside: ["Sources/StreamCore/"],
        why: "the standard hash has another seed in every process",
        instead: "the core's own hash of the bytes"),
      Ban(
        word: ".hashValue", inside: ["Sources/StreamCore/"],
        why: "the standard hash has another seed in every process",
        instead: "the core's own hash of the bytes"),
    ]

  private static let leftovers = ["TODO", "FIXME", "XXX"].map {
    Ban(
      word: $0, place: .comments, why: "work left over belongs where work is tracked",
      instead: "do it, or leave it out cleanly")
  }

  private static let machinePaths =
    ["/home/", "/root/", "/Users/"].map {
      Ban(
        word: $0, place: .everywhere,
        inside: ["Sources/", "Tests/", "Benchmarks/", "docs/", "scripts/", "pipelines/", "README"],
        except: ["Tests/StyleTests/"], why: "a path of one machine means nothing on another",
        instead: "a path from the project's root, or an argument")
    } + [
      Ban(
        word: "/tmp/", place: .everywhere, inside: ["Sources/"],
        why: "a fixed path is shared with strangers",
        instead: "the system's temporary folder, or an argument")
    ]
}

/// Finds banned words.
enum BanRules {
  static func check(_ file: SourceFile, bans: [Ban] = Ban.all) -> [Violation] {
    let bans = bans.filter { $0.applies(to: file.path) }
    if bans.isEmpty { return [] }
    var violations: [Violation] = []
    let raw = file.lines.map { Array($0.utf8) }
    var code = raw
    var comments: [[UInt8]] = []
    if file.isSwift {
      let scanner = SwiftScanner(file.text)
      code = scanner.lines(keeping: [.code])
      comments = scanner.lines(keeping: [.comment])
    }
    for ban in bans {
      let lines =
        switch ban.place {
        case .code: file.isSwift ? code : []
        case .comments: comments
        case .everywhere: raw
        }
      let word = Array(ban.word.utf8)
      let excuse = ban.unless.map { Array($0.utf8) }
      for (index, line) in lines.enumerated() {
        guard let start = find(word, in: line) else { continue }
        if let excuse, find(excuse, in: Array(line[start...])) != nil { continue }
        violations.append(
          Violation(
            file: file.path, line: index + 1, what: "`\(ban.word)`", why: ban.why,
            instead: ban.instead))
      }
    }
    return violations
  }

  /// Where `word` stands in `line` as a whole word; nil when it does not.
  static func find(_ word: [UInt8], in line: [UInt8]) -> Int? {
    guard let first = word.first, let last = word.last, line.count >= word.count else {
      return nil
    }
    var from = 0
    while let start = line[from...].firstIndex(of: first), start + word.count <= line.count {
      let end = start + word.count
      let begins = start == 0 || !isIdentifier(first) || !isIdentifier(line[start - 1])
      let ends = end == line.count || !isIdentifier(last) || !isIdentifier(line[end])
      if begins, ends, line[start..<end].elementsEqual(word) { return start }
      from = start + 1
    }
    return nil
  }
}
