/// The page about settings, made of what they declare.
public enum SettingsReference {
  /// `docs/settings.md`.
  public static func markdown() -> String {
    var text = introduction
    text += "| setting | flag | environment | pipeline file | value | default |\n"
    text += "| --- | --- | --- | --- | --- | --- |\n"
    for setting in WorkerSettings.all {
      let cells = [
        setting.name, setting.flag.map { "`\($0)`" } ?? "", "`\(setting.environment)`",
        setting.path.map { "`\($0)`" } ?? "", setting.legal, setting.fallback,
      ]
      text += "| \(cells.joined(separator: " | ")) |\n"
    }
    text += "\n"
    for setting in WorkerSettings.all { text += "- **\(setting.name)**: \(setting.text)\n" }
    return text + rules
  }

  private static let introduction = """
    # Settings

    Some settings of a worker may be given in several places. One precedence holds for all of them:

    1. a flag of the command line,
    2. a `WEIR_…` variable of the environment,
    3. the pipeline file,
    4. the default.

    This page is made of the declarations that the program itself works by:
    `WEIR_WRITE_DOCS=1 swift test --filter WorkerSettingsTests` makes it again.


    """

  private static let rules = """

    An empty variable counts as none. `brokers` and `topic` stand in place of those of `source`; a
    pipeline of several `sources` names each one's in its file, as does one that reads files alone.
    Everything else that a worker does is said in the pipeline file alone, and
    [pipeline.md](pipeline.md) has it; any value there may have `${NAME}`, `${NAME:-default}` or
    `${file:/path}` in it. Beside these the program heeds what is usual: `NO_COLOR`, `TERM`, and
    `USER` or `LOGNAME` for who did something.

    ## Which one holds

    `weir check PIPELINE.yaml --explain` takes the flags of `weir run` and says of each setting what it
    is, where that comes from, and what it took the place of:

    ```yaml lab.yaml
    name: lab
    source:
      kafka:
        brokers: ${LAB_BROKERS:-lab:9092}
        topic: lab.events
        options: {sasl.password: "${LAB_PASSWORD}"}
    console: {listen: 8080}
    metrics:
      events: {count: true, every: 1h}
    ```

    ```console
    $ export WEIR_TOPIC=lab.copy LAB_PASSWORD=correct-horse; unset WEIR_BROKERS
    $ env -u TMPDIR weir check lab.yaml --explain --listen 8081 --lanes 2 | head -11
    Settings
      setting                             value                           from                                            instead of
      data                                lab.sqlite                      default
      listen                              8081                            --listen                                        8080 (lab.yaml:7:19)
      brokers                             lab:9092                        lab.yaml:4:14, default of LAB_BROKERS
      topic                               lab.copy                        WEIR_TOPIC of the environment                   lab.events (lab.yaml:5:12)
      lanes                               2                               --lanes
      log                                 text                            default
      log level                           info                            default
      spill                               the directory of the data file  default
      source.kafka.options.sasl.password  (hidden)                        lab.yaml:6:30, LAB_PASSWORD of the environment
    ```

    What may be a secret is never shown: every value of free text that a variable or a file gives,
    settings of this page apart. `--json` gives the same to programs.

    """
}
