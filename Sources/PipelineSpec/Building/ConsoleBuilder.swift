/// Reads where the console listens, and who may use it.
struct ConsoleBuilder {
  let faults: FaultCollector

  /// Characters that a secret has at least.
  static let secretMin = 16

  func build(_ settings: Settings?) -> ConsoleOptions {
    var options = ConsoleOptions()
    guard let settings else { return options }
    if let text = settings[ConsoleOptionSpecs.listen], !text.isEmpty {
      options.listen = ConsoleAddress(text)
      if options.listen == nil {
        faults.add(
          settings.position(of: ConsoleOptionSpecs.listen), "bad-address",
          "`\(ConfigNode.shortened(text))` is no address to listen on",
          hint: "write a port, or 127.0.0.1:8080")
      }
    }
    for entry in (settings[ConsoleOptionSpecs.tokens] ?? []).sorted(by: { $0.name < $1.name }) {
      let grant = ConsoleOptions.Grant(
        name: entry.name, token: entry.settings[GrantOptions.token] ?? "",
        mayWrite: entry.settings[GrantOptions.write] ?? false,
        mayReveal: entry.settings[GrantOptions.reveal] ?? false)
      if !grant.token.isEmpty, grant.token.count < Self.secretMin {
        faults.add(
          entry.settings.position(of: GrantOptions.token), "weak-secret",
          "the token of \(entry.name) has fewer than \(Self.secretMin) characters",
          hint: "make one with `openssl rand -hex 24`")
      }
      if options.grants.contains(where: { $0.token == grant.token && !grant.token.isEmpty }) {
        faults.add(
          entry.settings.position(of: GrantOptions.token), "shared-secret",
          "the token of \(entry.name) is another's as well, so that nobody knows who it was",
          hint: "give each a token of their own")
      }
      options.grants.append(grant)
    }
    return options
  }
}
