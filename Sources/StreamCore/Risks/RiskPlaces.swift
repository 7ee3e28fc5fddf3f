/// Numbers that a rule's records know partitions by, and where its events lie.
final class RiskPlaces {
  let partitions = SeriesDictionary(names: ["partition"])
  private var numbers: [PartitionID: Int32] = [:]
  private var last: (id: PartitionID, number: Int32)?

  /// Where an event lies.
  func coordinate(_ event: UserStage.Event) -> RiskCoordinate {
    guard let block = event.block else { return RiskCoordinate(partition: 0, offset: 0) }
    return RiskCoordinate(
      partition: number(block.partition(event.index)), offset: block.offset[event.index])
  }

  private func number(_ id: PartitionID) -> Int32 {
    if let last, last.id == id { return last.number }
    let number = numbers[id] ?? learn(id)
    last = (id, number)
    return number
  }

  private func learn(_ id: PartitionID) -> Int32 {
    let number = Array(id.description.utf8).withUnsafeBytes { bytes in
      partitions.number(
        SeriesKey.encode([SeriesKey.Part(tag: SeriesKey.tagText, bytes: bytes)]))
    }
    numbers[id] = number
    return number
  }

  /// Coordinates as a JSON list.
  func text(_ coordinates: ContiguousArray<RiskCoordinate>) -> String {
    var text: [UInt8] = [UInt8(ascii: "[")]
    for (index, one) in coordinates.enumerated() {
      let name = partitions.text(one.partition)
      let slash = name.lastIndex(of: "/") ?? name.endIndex
      if index > 0 { text.append(UInt8(ascii: ",")) }
      text += "{\"offset\":\(one.offset),\"partition\":\(name[slash...].dropFirst()),".utf8
      text += "\"topic\":".utf8
      CanonicalJSON.append(string: String(name[..<slash]), to: &text)
      text.append(UInt8(ascii: "}"))
    }
    text.append(UInt8(ascii: "]"))
    return String(decoding: text, as: UTF8.self)
  }
}
