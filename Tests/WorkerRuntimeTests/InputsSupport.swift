import CZlib
import Glibc
import StreamCore
import Testing

@testable import WorkerRuntime

/// SplitMix64: the same numbers from the same seed, everywhere.
struct InputsRandom: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
  mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &self) < share }
}

/// A directory that is gone with its owner.
final class InputsFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/weir-inputs-XXXXXX".utf8CString)
    let made = try #require(mkdtemp(&template))
    path = String(cString: made)
  }

  deinit {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  var names: [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Writes `bytes` to a file; gzip in `members` parts when `members` is not 0.
  @discardableResult
  func write(_ name: String, _ bytes: [UInt8], members: Int = 0) throws -> String {
    let file = "\(path)/\(name)"
    if members == 0 {
      let stream = try #require(fopen(file, "wb"))
      #expect(fwrite(bytes, 1, bytes.count, stream) == bytes.count)
      fclose(stream)
      return file
    }
    for member in 0..<members {
      let part = bytes[(bytes.count * member / members)..<(bytes.count * (member + 1) / members)]
      let stream = try #require(gzopen(file, "ab"))
      if !part.isEmpty {
        part.withUnsafeBytes { #expect(gzwrite(stream, $0.baseAddress, UInt32($0.count)) > 0) }
      }
      gzclose(stream)
    }
    return file
  }

  @discardableResult
  func write(_ name: String, _ text: String, members: Int = 0) throws -> String {
    try write(name, Array(text.utf8), members: members)
  }
}

/// A record copied out of a batch.
struct InputsRecord: Equatable {
  var offset: Int64
  var text: String?

  init(offset: Int64, text: String?) {
    self.offset = offset
    self.text = text
  }

  init(_ message: RawMessage) {
    offset = message.offset
    text = message.payload.map {
      String(
        decoding: UnsafeBufferPointer(start: $0, count: Int(message.payloadCount)), as: UTF8.self)
    }
  }
}

/// Everything that a reader still holds.
func inputsRecords(_ reader: any RecordReader, batch: Int = 7) throws -> [InputsRecord] {
  var records: [InputsRecord] = []
  while try reader.nextBatch(max: batch, { records += $0.map(InputsRecord.init) }) > 0 {}
  return records
}

func inputsTexts(_ reader: any RecordReader, batch: Int = 7) throws -> [String?] {
  try inputsRecords(reader, batch: batch).map(\.text)
}

/// A source that reads name, user and time from fields of these names.
func inputsSource(
  _ format: PayloadFormat = .json, user: String = "user", time: String = "time"
) -> SourcePlan {
  SourcePlan(
    name: "events", topic: nil, format: format,
    fields: [.paths([["event"]]), .paths([[user]]), .paths([[time]]), .absent, .absent])
}

/// Path of a file of the shared data.
func inputsSharedData(_ name: String, from file: String = #filePath) throws -> String {
  let root = file.split(separator: "/").dropLast(3).joined(separator: "/")
  var candidates = ["/\(root)/../shared/data/\(name)"]
  if let set = getenv("WEIR_SHARED_DATA") { candidates.append("\(String(cString: set))/\(name)") }
  for path in candidates where access(path, R_OK) == 0 { return path }
  Issue.record("shared data \(name) is missing; looked at \(candidates)")
  throw InputError(
    .unreachable, file: name, reason: "is missing", advice: "set WEIR_SHARED_DATA to its directory")
}
