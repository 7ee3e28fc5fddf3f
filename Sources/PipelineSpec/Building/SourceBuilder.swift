import StreamCore

/// One source as the file gives it, before it is known which fields the plan needs.
struct SourceDraft {
  var name: String
  var position: Position
  var topic: String?
  var format: PayloadFormat
  var fields: FieldMap
  var zone: Zone
  var keyed: Bool
  var latenessMs: Int64?
  var kafka: KafkaSource?

  /// The source with bindings for `names`: the event's own fields, then paths and own names.
  func plan(fields names: [String]) -> SourcePlan {
    let own = FieldMap.own.map { fields.bindings[$0] ?? .absent }
    let others = names.dropFirst(Slot.reserved).map { name in
      fields.bindings[name] ?? .paths([JSONPath.steps(of: name)])
    }
    return SourcePlan(
      name: name, topic: topic, format: format, fields: own + others,
      timeFormat: fields.timeFormat, zone: zone, keyed: keyed, latenessMs: latenessMs,
      headers: fields.headers)
  }

  /// Column names, when it is CSV and names them.
  var columns: [String]? {
    if case .csv(let csv) = format { csv.header } else { nil }
  }
}

/// Reads `source` and `sources`.
struct SourceBuilder {
  let zones: ZoneDatabase
  let pipelineZone: Zone
  let faults: FaultCollector

  /// Name of the one source of a file with `source`.
  static let onlyName = "source"

  /// Sources in order of name.
  func build(_ settings: Settings) -> [SourceDraft] {
    let named = settings[PipelineOptions.sources] ?? []
    let hasOne = settings.gives(PipelineOptions.source)
    let position = settings.position(of: PipelineOptions.sources)
    if hasOne && settings.gives(PipelineOptions.sources) {
      faults.add(
        position, "source-and-sources", "the pipeline has both source and sources",
        hint: "name the one in sources too")
    } else if !hasOne && named.isEmpty {
      faults.add(
        position, "missing-option", "the pipeline has no source",
        hint: "for example source: {fields: {name: event, user: user_id, time: timestamp}}")
    }
    var drafts: [SourceDraft] = []
    if hasOne, let only = settings[PipelineOptions.source] {
      drafts.append(
        draft(Self.onlyName, settings.position(of: PipelineOptions.source), only))
    }
    drafts += named.map { draft($0.name, $0.position, $0.settings) }
    checkTopics(drafts)
    return drafts.sorted { $0.name < $1.name }
  }

  private func checkTopics(_ drafts: [SourceDraft]) {
    var seen: [String: String] = [:]
    for draft in drafts {
      guard let topic = draft.topic else { continue }
      if let other = seen.updateValue(draft.name, forKey: topic) {
        faults.add(
          draft.position, "duplicate-topic",
          "the sources \(other) and \(draft.name) read one topic; its events would count twice",
          hint: "keep one of them")
      }
    }
  }

  private func draft(_ name: String, _ position: Position, _ settings: Settings) -> SourceDraft {
    let preset =
      settings[SourceOptions.format].flatMap(FormatPreset.named)
      ?? FormatPreset(name: "custom", text: "", paths: [])
    var reader = FieldReader(preset: preset, faults: faults)
    if let fields = settings[SourceOptions.fields] { reader.read(fields) }
    let map = reader.map
    for field in ["name", "time"] where map.bindings[field] == nil {
      // One that is given and faulty is reported already.
      guard map.nodes[field] == nil else { continue }
      faults.add(
        settings.position(of: SourceOptions.fields), "missing-field",
        "the source \(name) does not say where an event's \(field) is",
        hint: "add \(field) to its fields, or choose a format")
    }
    var draft = SourceDraft(
      name: name, position: position, format: .json, fields: map, zone: pipelineZone,
      keyed: settings[SourceOptions.keyed] ?? true,
      latenessMs: settings[SourceOptions.lateness])
    if settings.gives(SourceOptions.csv), let csv = settings[SourceOptions.csv] {
      draft.format = .csv(self.csv(csv, map))
    }
    if let zone = settings[SourceOptions.zone] {
      draft.zone = self.zone(
        zone, settings.written(SourceOptions.zone), at: settings.position(of: SourceOptions.zone))
    }
    if let zone = map.timeZone {
      draft.zone = self.zone(zone.text, zone.written, at: zone.position)
    }
    if settings.gives(SourceOptions.kafka), let kafka = settings[SourceOptions.kafka] {
      draft.kafka = self.kafka(kafka)
      draft.topic = draft.kafka?.topic
    }
    return draft
  }

  private func zone(_ name: String, _ written: String, at position: Position) -> Zone {
    switch zones.zone(name, written: written) {
    case .zone(let zone): return zone
    case .fault(let code, let message, let hint):
      faults.add(position, code, message, hint: hint)
      return .utc
    }
  }

  private func csv(_ settings: Settings, _ map: FieldMap) -> CSVFormat {
    var format = CSVFormat(trim: settings[CSVOptions.trim] ?? false)
    let delimiter = settings[CSVOptions.delimiter] ?? ","
    if delimiter == "tab" {
      format.delimiter = 0x09
    } else if let byte = delimiter.utf8.first, delimiter.utf8.count == 1, byte >= 0x20, byte < 0x7F,
      byte != UInt8(ascii: "\"")
    {
      format.delimiter = byte
    } else if delimiter == "\t" {
      format.delimiter = 0x09
    } else {
      faults.add(
        settings.position(of: CSVOptions.delimiter), "bad-delimiter",
        "delimiter is not one character of ASCII", hint: "for example ';', or tab")
    }
    if let name = settings[CSVOptions.encoding], let encoding = TextEncoding(rawValue: name) {
      format.encoding = encoding
    }
    if let separator = settings[CSVOptions.thousands] {
      format.thousands = thousands(separator, at: settings.position(of: CSVOptions.thousands))
    }
    guard let header = settings[CSVOptions.header] else { return format }
    var names: [String] = []
    for item in header.items ?? [] {
      guard let scalar = item.scalar, !scalar.text.isEmpty else {
        faults.add(item.position, "bad-header", "a column's name is \(item.found)")
        continue
      }
      if names.contains(scalar.text) {
        faults.add(item.position, "bad-header", "the column \(scalar.written) is there twice")
      }
      names.append(scalar.text)
    }
    if names.isEmpty {
      faults.add(
        header.position, "bad-header", "header is \(header.found), not a list of column names",
        hint: "leave it out when the first row of each file has them")
      return format
    }
    format.header = names
    checkColumns(map, header, names)
    return format
  }

  private func thousands(_ separator: String, at position: Position) -> NumberGroups? {
    if let groups = NumberGroups(separator: separator) { return groups }
    faults.add(
      position, "bad-thousands", "thousands is none of , ' . and a blank",
      hint: "for example ','; leave it out where numbers have no separators")
    return nil
  }

  /// Holds the paths of `fields` against the header.
  private func checkColumns(_ map: FieldMap, _ header: ConfigNode, _ columns: [String]) {
    let written = (header.items ?? []).compactMap { $0.scalar?.written }
    for (name, binding) in map.bindings.sorted(by: { $0.key < $1.key }) {
      guard case .paths(let paths) = binding, let node = map.nodes[name] else { continue }
      for path in paths where !columns.contains(path.joined(separator: ".")) {
        let place = Self.scalar(path, in: node) ?? node
        faults.add(
          place.position, "unknown-column", "\(name) is \(place.found), which header does not have",
          hint: NearestName.hint(place.scalar?.written ?? "", in: written))
      }
    }
  }

  /// The scalar in `node` that is this path.
  private static func scalar(_ path: [String], in node: ConfigNode) -> ConfigNode? {
    switch node.content {
    case .scalar(let scalar): JSONPath.steps(of: scalar.text) == path ? node : nil
    case .sequence(let items): items.lazy.compactMap { Self.scalar(path, in: $0) }.first
    case .mapping(let entries):
      entries.lazy.compactMap { Self.scalar(path, in: $0.value) }.first
    }
  }

  private func kafka(_ settings: Settings) -> KafkaSource? {
    var options: [String: String] = [:]
    if let node = settings[KafkaOptions.options], !node.isNull {
      if node.entries == nil {
        faults.add(
          node.position, "not-a-mapping", "options is \(node.found), not a mapping of properties")
      }
      for entry in node.entries ?? [] {
        guard let scalar = entry.value.scalar else {
          faults.add(
            entry.value.position, "bad-value", "\(entry.key) is \(entry.value.found), not a value")
          continue
        }
        options[entry.key] = scalar.text
      }
    }
    var start = KafkaSource.Start.earliest
    switch settings[KafkaOptions.start] {
    case "earliest", nil: break
    case "latest": start = .latest
    case .some(let text):
      if let time = Instants.parse(text, zone: pipelineZone) {
        start = .time(time)
      } else {
        faults.add(
          settings.position(of: KafkaOptions.start), "bad-time",
          "start is neither earliest nor latest nor a time",
          hint: NearestName.hint(text, in: ["earliest", "latest"])
            ?? "write a time as 2026-01-01T00:00:00Z")
      }
    }
    guard let brokers = settings[KafkaOptions.brokers], let topic = settings[KafkaOptions.topic]
    else { return nil }
    if topic == settings[KafkaOptions.deadLetters] {
      faults.add(
        settings.position(of: KafkaOptions.deadLetters), "dead-letter-loop",
        "dead_letters is the topic that is read; every rejected event would come back",
        hint: "name another topic")
    }
    return KafkaSource(
      brokers: brokers, topic: topic, start: start, deadLetters: settings[KafkaOptions.deadLetters],
      options: options,
      continuesOnLostOffsets: settings[KafkaOptions.onLostOffsets] == "continue",
      waitsForTopic: settings[KafkaOptions.waitForTopic] ?? false)
  }
}
