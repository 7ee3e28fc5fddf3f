import Foundation
import StreamCore

/// Holds a plan's paths against real events: which are there, how often, and of what type.
///
/// Give it payloads one by one, then read `findings()` and `matches()`. Reads a JSON payload whole:
/// for samples of thousands of events, not for millions. Not for use from two threads.
public final class SampleCheck {
  /// What the sample says about one path of the plan.
  public struct Finding: Sendable, Equatable {
    /// The field of the plan that the path is for.
    public var field: String
    /// The path, or the CSV column.
    public var path: String
    /// Events in which it is there and not null.
    public var found: Int
    /// Readable events in all.
    public var events: Int
    /// Types seen, sorted: `bool`, `list`, `number`, `object`, `string`.
    public var types: [String]
    /// When it was never there: the path of the sample that was probably meant.
    public var nearest: String?

    /// One line for people.
    public var description: String {
      let seen = types.isEmpty ? "" : " (\(types.joined(separator: ", ")))"
      let hint = nearest.map { "; did you mean \($0)?" } ?? ""
      return "\(path): in \(found) of \(events) events\(seen)\(hint)"
    }
  }

  /// What the sample says about one part of a stage that follows users.
  public struct Match: Sendable, Equatable {
    /// Name of the stage; of a trait, with `users.`.
    public var stage: String
    /// `step 1 view`, `exclude`, `start`, `where`, …
    public var part: String
    /// Events for which it is true, or has a value; nil where it reads traits, which rest on all
    /// events before.
    public var matched: Int?
    /// Events that `filter` takes.
    public var events: Int
    /// When a step never matched: the event's name in the sample that was probably meant.
    public var nearest: String?

    /// One line for people.
    public var description: String {
      guard let matched else { return "\(stage) \(part): reads traits" }
      let hint = nearest.map { "; did you mean \($0)?" } ?? ""
      return "\(stage) \(part): \(matched) of \(events) events\(hint)"
    }
  }

  /// Paths, and names of events, of the sample that are remembered for hints.
  static let pathsMax = 5_000

  /// Events that could be read.
  public private(set) var events = 0
  /// Payloads that are not what the source's format says.
  public private(set) var unreadable = 0

  private let fields: [(field: String, path: [String])]
  private let matcher: StageMatcher?
  private let csv: CSVFormat?
  private var header: [String]?
  private var seen: [String: (count: Int, types: Set<String>)] = [:]

  /// Prepares for the source called `source` of `plan`; the first one when there is none so called.
  public init(plan: PipelinePlan, source: String? = nil) {
    let chosen = plan.sources.first { $0.name == source } ?? plan.sources.first
    if case .csv(let format) = chosen?.format { csv = format } else { csv = nil }
    header = csv?.header
    matcher = chosen.map { StageMatcher(plan: plan, source: $0) }
    var fields: [(field: String, path: [String])] = []
    for (field, binding) in zip(plan.fields, chosen?.fields ?? []) {
      if case .paths(let paths) = binding { fields += paths.map { (field, $0) } }
    }
    self.fields = fields
  }

  /// Looks at one payload. Of CSV without a header in the plan, the first one is the header.
  public func add(_ payload: [UInt8]) {
    if let csv {
      addRow(payload, csv)
      return
    }
    let decoder = JSONDecoder()
    guard case .object(let members) = try? decoder.decode(JSONValue.self, from: Data(payload))
    else {
      unreadable += 1
      return
    }
    events += 1
    note(members, under: [])
    matcher?.add(payload)
  }

  /// What was seen of each path of the plan, in the plan's order.
  public func findings() -> [Finding] {
    fields.map { field, path in
      let name = path.joined(separator: ".")
      let seen = self.seen[name]
      return Finding(
        field: field, path: name, found: seen?.count ?? 0, events: events,
        types: seen?.types.sorted() ?? [], nearest: seen == nil ? nearest(to: path) : nil)
    }
  }

  /// How many events each part of each stage that follows users takes, in the plan's order.
  public func matches() -> [Match] {
    guard let matcher else { return [] }
    return matcher.parts.map { part in
      Match(
        stage: part.stage, part: part.part,
        matched: matcher.readsTraits(part.expression) ? nil : part.matched,
        events: matcher.events, nearest: matcher.nearest(part))
    }
  }

  /// A path with the same last step, else one that is spelt nearly so.
  private func nearest(to path: [String]) -> String? {
    let names = seen.keys.sorted()
    let name = path.joined(separator: ".")
    guard let last = path.last else { return nil }
    let sameEnd = names.filter { $0.split(separator: ".").last.map(String.init) == last }
    return sameEnd.min { $0.utf8.count < $1.utf8.count } ?? NearestName.of(name, in: names)
  }

  private func note(_ members: [String: JSONValue], under path: [String]) {
    guard path.count < 16 else { return }
    for (key, value) in members {
      let steps = path + [key]
      if let type = value.type { note(steps.joined(separator: "."), type) }
      if case .object(let inner) = value { note(inner, under: steps) }
    }
  }

  private func note(_ name: String, _ type: String) {
    let isPlanned = fields.contains { $0.path.joined(separator: ".") == name }
    guard isPlanned || seen[name] != nil || seen.count < Self.pathsMax else { return }
    var entry = seen[name] ?? (0, [])
    entry.count += 1
    entry.types.insert(type)
    seen[name] = entry
  }

  private func addRow(_ bytes: [UInt8], _ csv: CSVFormat) {
    let end = bytes.lastIndex { $0 != 0x0A && $0 != 0x0D }.map { $0 + 1 } ?? 0
    let row = bytes.withUnsafeBytes {
      CSVSplitter.cells(
        in: UnsafeRawBufferPointer(rebasing: $0[..<end]),
        format: header == nil ? csv.ofHeader : csv)
    }
    guard let row, !row.isEmpty else {
      unreadable += 1
      return
    }
    guard let header else {
      header = row
      matcher?.setHeader(row)
      return
    }
    events += 1
    matcher?.add(bytes)
    for (name, text) in zip(header, row) where !text.isEmpty {
      note(name, Double(text) == nil ? "string" : "number")
    }
  }
}
