/// The console of a pipeline.
enum ConsoleOptionSpecs {
  static let listen = Option.text(
    "listen", kind: .phrase("a port, or an address and a port"),
    "Where `weir run` serves the console: `8080` is this machine alone, `0.0.0.0:8080` every "
      + "address, which needs `tokens`. `--listen` says otherwise. Without either there is none.",
    example: "127.0.0.1:8080")
  static let tokens = Option.named(
    "tokens", .name, GrantOptions.all,
    "Who may use the console, by name. Without a token everybody on this machine may read, and "
      + "nobody may change anything.")

  static let all: [OptionSpec] = [listen.spec, tokens.spec]
}

/// One token of the console.
enum GrantOptions {
  static let token = Option.text(
    "token", kind: .phrase("a secret of 16 characters or more"), required: true,
    "The secret, from a variable or a file.", example: "\"${WEIR_TOKEN_ANA}\"")
  static let write = Option.flag(
    "write", default: false,
    "Whether it may change thresholds, acknowledge, silence and judge; recorded by its name.")
  static let reveal = Option.flag(
    "reveal", default: false, "Whether ids of people, and payloads of events, are shown to it.")

  static let all: [OptionSpec] = [token.spec, write.spec, reveal.spec]
}
