import Testing

@Suite struct UsageTests {
  @Test func `Wrong usage ends with exit code 2 and says what is right`() async throws {
    let slips: [([String], String)] = [
      (["chek"], "did you mean check?"), (["alerts", "lst", "a.sqlite"], "did you mean list?"),
      (["check"], "pipeline"),
      (["check", "a.yaml", "--smaple", "b"], "--sample"),
      (["check", "a.yaml", "--source", "b"], "--sample"),
      (["produce", "a.csv"], "--topic"),
      (["produce", "a.csv", "--topic", "t", "--rate", "0"], "--rate"),
      (["produce", "--topic", "t"], "file"), (["diff", "a.sqlite"], "<b>"),
      (["report", "a.sqlite", "--zone", "Asia/Shanghia"], "Asia/Shanghai"),
      (["report", "a.sqlite", "--from", "yesterday"], "yesterday is no time"),
      (["report", "a.sqlite", "--where", "channel"], "NAME=VALUE"),
      (["report", "a.sqlite", "--json", "--csv"], "--json"),
    ]
    for (arguments, word) in slips {
      let outcome = try await Command.run(arguments)
      #expect(outcome.code == 2, "\(arguments) \(outcome)")
      #expect(outcome.output.isEmpty)
      #expect(outcome.errors.contains(word), "\(arguments) \(outcome.errors)")
    }
  }

  @Test func `Help and version are no errors`() async throws {
    let version = try await Command.run(["--version"])
    #expect(version.code == 0)
    #expect(version.output.split(separator: ".").count == 3)
    let help = try await Command.run(["--help"])
    #expect(help.code == 0)
    #expect(help.errors.isEmpty)
    let page = try await Command.run(["check", "--help"])
    #expect(page.code == 0)
    #expect(page.errors.isEmpty)
    #expect(page.output.contains("EXAMPLES\n  weir check "))
  }
}
