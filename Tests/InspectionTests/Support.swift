import Inspection
import StreamCore

/// One record of a log to be profiled.
struct Record {
  var payload: [UInt8]
  var key: String?
  var timestampMs = RawMessage.noTimestamp
  var partition: Int32 = 0

  init(_ text: String, key: String? = nil, timestampMs: Int64? = nil, partition: Int32 = 0) {
    self.init(
      bytes: Array(text.utf8), key: key, timestampMs: timestampMs, partition: partition)
  }

  init(bytes: [UInt8], key: String? = nil, timestampMs: Int64? = nil, partition: Int32 = 0) {
    payload = bytes
    self.key = key
    self.timestampMs = timestampMs ?? RawMessage.noTimestamp
    self.partition = partition
  }
}

/// Profiles records, handed over one by one.
func profile(
  _ records: [Record], format: PayloadFormat = .json,
  options: InspectionOptions = InspectionOptions()
) -> Profile {
  let profiler = Profiler(options: options)
  for (offset, record) in records.enumerated() {
    let key = Array((record.key ?? "").utf8)
    record.payload.withUnsafeBufferPointer { payload in
      key.withUnsafeBufferPointer { key in
        let message = RawMessage(
          payload: payload.isEmpty ? nil : payload.baseAddress,
          payloadCount: Int32(payload.count), key: record.key == nil ? nil : key.baseAddress,
          keyCount: Int32(key.count), offset: Int64(offset), timestampMs: record.timestampMs)
        withUnsafePointer(to: message) {
          profiler.add(
            UnsafeBufferPointer(start: $0, count: 1),
            partition: PartitionID(topic: "t", partition: record.partition), format: format)
        }
      }
    }
  }
  return profiler.finish()
}

/// A text as a JSON string, all but ASCII letters and digits escaped.
func jsonString(_ text: String) -> String {
  var result = "\""
  for unit in text.utf16 {
    let isPlain = (0x30...0x39).contains(unit) || (0x41...0x5A).contains(unit)
    if isPlain || (0x61...0x7A).contains(unit) {
      result.unicodeScalars.append(UnicodeScalar(UInt8(unit)))
    } else {
      let hex = String(unit, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
    }
  }
  return result + "\""
}

/// Milliseconds as RFC 3339 in UTC, for the days of 2026 that tests use.
func instant(_ second: Int) -> String {
  func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  let day = second / 86_400
  return "2026-\(two(1 + day / 28))-\(two(1 + day % 28))T\(two(second / 3_600 % 24)):"
    + "\(two(second / 60 % 60)):\(two(second % 60))Z"
}
