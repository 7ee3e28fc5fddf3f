import Foundation
import StreamCore

/// The machine's time-zone data.
struct ZoneDatabase: Sendable {
  /// Where Debian and Ubuntu keep it.
  static let standardRoot = "/usr/share/zoneinfo"

  var root: String

  /// Version of the data, e.g. `2025b`; `none` when it is not installed.
  var version: String {
    guard let line = index?.split(separator: "\n", maxSplits: 1).first else { return "none" }
    let prefix = "# version "
    return line.hasPrefix(prefix)
      ? line.dropFirst(prefix.count).trimmingCharacters(in: .whitespaces) : "unknown"
  }

  enum Outcome {
    case zone(Zone)
    case fault(code: String, message: String, hint: String?)
  }

  /// Reads the zone called `name`, which the file writes as `written`. UTC needs no data.
  func zone(_ name: String, written: String) -> Outcome {
    if name == "UTC" { return .zone(.utc) }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    let isPlausible =
      name.utf8.count <= 64 && parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") }
    let handle = isPlausible ? FileHandle(forReadingAtPath: "\(root)/\(name)") : nil
    defer { try? handle?.close() }
    guard let handle, let data = try? handle.read(upToCount: 1 << 20),
      data.starts(with: Array("TZif".utf8))
    else { return missing(written) }
    do {
      return .zone(try Zone(name: name, tzif: Array(data)))
    } catch {
      return .fault(
        code: "bad-zone-data", message: "the data of time zone \(written) cannot be read: \(error)",
        hint: "install tzdata again")
    }
  }

  private func missing(_ name: String) -> Outcome {
    guard index != nil else {
      return .fault(
        code: "no-zone-data", message: "there is no time-zone data in \(root)",
        hint: "install the package tzdata")
    }
    return .fault(
      code: "unknown-zone", message: "there is no time zone \(ConfigNode.shortened(name))",
      hint: NearestName.hint(name, in: names) ?? "use an IANA name, as Asia/Shanghai")
  }

  /// Names of zones and links, sorted.
  private var names: [String] {
    var names: [String] = ["UTC"]
    for line in (index ?? "").split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.first == "Z", words.count > 1 { names.append(String(words[1])) }
      if words.first == "L", words.count > 2 { names.append(String(words[2])) }
    }
    return names.sorted()
  }

  private var index: String? { try? String(contentsOfFile: "\(root)/tzdata.zi", encoding: .utf8) }
}

/// There is no such time zone, or its data cannot be read.
public struct UnknownZone: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong and what to do.
  public var description: String
}

extension Zone {
  /// Reads the zone called `name`, an IANA name such as `Asia/Shanghai`, from the machine's data.
  public static func named(_ name: String) throws(UnknownZone) -> Zone {
    let zones = ZoneDatabase(root: ZoneDatabase.standardRoot)
    switch zones.zone(name, written: ConfigNode.shortened(name)) {
    case .zone(let zone): return zone
    case .fault(_, let message, let hint):
      throw UnknownZone(description: message + (hint.map { "; \($0)" } ?? ""))
    }
  }
}
