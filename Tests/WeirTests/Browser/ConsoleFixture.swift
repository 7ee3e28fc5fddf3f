import Foundation
import Testing

/// A finished run whose rows have people in them, and a console over it that knows three tokens.
enum ConsoleFixture {
  /// May change things.
  static let writer = "writer-secret-0123456789"
  /// May look.
  static let reader = "reader-secret-0123456789"
  /// May look at people too.
  static let revealer = "reveal-secret-0123456789"
  static let secrets = [writer, reader, revealer]

  /// What nobody may see without the right: ids, an address and a payload.
  static let people = ["person-anna", "person-bert", "person-carl", "private-payload"]

  private static let tokens = """

    console:
      tokens:
        ann: {token: \(writer), write: true}
        bob: {token: \(reader)}
        eve: {token: \(revealer), reveal: true}
    """

  /// Runs a pipeline over fifteen minutes in which payments of three people fail, and writes the
  /// same pipeline with tokens; gives the paths of the results and of that file.
  static func make(_ folder: TemporaryFolder) async throws -> (data: String, pipeline: String) {
    var lines = AlertFixture.events(0..<10, errors: 0)
    for minute in Int64(10)..<15 {
      for (number, person) in people.prefix(3).enumerated() {
        let time = AlertFixture.start + minute * AlertFixture.minute + Int64(number) * 1_000
        lines.append(
          #"{"timestamp":\#(time),"event":"payment_error","user_id":"\#(person)","platform":"ios"}"#
        )
      }
    }
    lines += AlertFixture.events(15..<20, errors: 0)
    lines.append(#"{"event":"payment","user_id":"person-anna","note":"private-payload"}"#)
    let data = folder.file("pay.sqlite")
    let pipeline = AlertFixture.pipeline + tokens
    let path = try folder.write(pipeline, to: "pay.yaml")
    let outcome = try await Command.run([
      "run", path, "--data", data, "--input",
      try folder.write(lines.joined(separator: "\n"), to: "pay.jsonl"),
    ])
    try #require(outcome.code == 0, "\(outcome)")
    return (data, path)
  }

  /// A console over such a file.
  static func console(listen: String = "127.0.0.1:0") async throws -> Console {
    let folder = try TemporaryFolder()
    let (data, pipeline) = try await make(folder)
    return try await Console.file(
      data, ["--pipeline", pipeline], listen: listen, keeping: folder)
  }

  /// The header that a program sends.
  static func bearer(_ secret: String) -> [(String, String)] {
    [("Authorization", "Bearer \(secret)")]
  }
}

/// What can be reached from the overview.
struct Crawl {
  /// Addresses of pages, one or two of each kind, with what they answered.
  var pages: [(path: String, answer: Probe.Answer)] = []

  /// Follows links as a person with `headers` would; gives up where a page is no 200.
  static func run(
    _ probe: Probe, _ headers: [(String, String)] = [], perKind: Int = 2, limit: Int = 60
  ) async throws -> Crawl {
    var crawl = Crawl()
    var found = ["/"]
    var kinds: [String: Int] = ["/": 1]
    var next = 0
    while next < found.count, next < limit {
      let path = found[next]
      next += 1
      let answer = try await probe.get(path, headers + [("Accept", "text/html")])
      crawl.pages.append((path, answer))
      try #require(answer.status == 200, "\(path): \(answer)")
      for match in answer.body.matches(of: /href="(?<link>\/[^"#]*)"/) {
        let link = String(match.link).replacing("&amp;", with: "&")
        if ["/assets", "/language", "/sign-"].contains(where: link.hasPrefix) { continue }
        let kind = Self.kind(of: link)
        if found.contains(link) || kinds[kind, default: 0] >= perKind { continue }
        kinds[kind, default: 0] += 1
        found.append(link)
      }
    }
    return crawl
  }

  /// An address without what it is about: names of its query stay, ids in its path go.
  private static func kind(of link: String) -> String {
    let parts = link.split(separator: "?", maxSplits: 1)
    let path = parts[0].split(separator: "/").enumerated().map { $0 == 0 ? $1 : "…" }
    let names = (parts.count > 1 ? parts[1].split(separator: "&") : [])
      .map { $0.prefix { $0 != "=" } }
    return (path + ["?"] + names.sorted()).joined(separator: "/")
  }
}
