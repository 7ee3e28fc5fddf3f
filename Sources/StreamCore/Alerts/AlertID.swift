/// Names alerts: the same in every run, on every machine.
enum AlertID {
  /// 32 hexadecimal digits of the hash of pipeline, rule, series and first window.
  static func of(
    pipeline: String, rule: String, _ name: SeriesName, _ start: EventTime, isProvisional: Bool
  ) -> String {
    var writer = ByteWriter()
    writer.writeText(pipeline)
    writer.writeText(rule)
    writer.writeText(name.text)
    writer.writeSignedVarint(start.ms)
    if isProvisional { writer.writeText("provisional") }
    return writer.bytes.withUnsafeBytes { bytes in
      hex(Hash64.of(bytes, seed: 1)) + hex(Hash64.of(bytes, seed: 2))
    }
  }

  private static func hex(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }
}
