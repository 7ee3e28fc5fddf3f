// What decoding costs: events of Segment's `track` shape, about 400 bytes each, one thread.
//
//   swift run -c release --package-path Benchmarks DecodeBenchmark

import StreamCore

/// One CSV row of the same shop, about 90 bytes.
func row(_ index: Int) -> String {
  let names = ["product_view", "add_to_cart", "purchase", "page_view", "payment_details"]
  return """
    user_\(1_000 + index % 9_000),sess_\(100_000 + index % 99_999),\(names[index % 5]),\
    2026-03-13 10:21:\(10 + index % 50),desktop,email,2024-01,"returning"
    """
}

/// One JSON event, as a shop's web page would send it.
func event(_ index: Int) -> String {
  let names = ["product_view", "add_to_cart", "purchase", "page_view", "payment_details"]
  let platforms = ["web", "ios", "android", "mini-program"]
  let second = index / 50 % 60
  let minute = index / 3_000 % 60
  let time =
    "2026-03-13T10:\(minute / 10)\(minute % 10):\(second / 10)\(second % 10).\(100 + index % 900)Z"
  return """
    {"messageId":"m-\(10_000_000 + index)","type":"track","event":"\(names[index % 5])",\
    "userId":"u-\(1_000_000 + index &* 7_919 % 1_000_000)",\
    "anonymousId":"a-\(2_000_000 + index % 999_983)",\
    "timestamp":"\(time)","platform":"\(platforms[index / 3 % 4])",\
    "context":{"ip":"10.\(index % 250).3.7","locale":"zh-CN",\
    "library":{"name":"analytics.js","version":"2.1"},\
    "city":"上海"},\
    "properties":{"total":\(index % 400).\(10 + index % 89),"currency":"CNY",\
    "quantity":\(1 + index % 3),\
    "order_id":"o-\(index)","coupon":null,"first":\(index % 2 == 0)}}
    """
}

let fourteen: [FieldBinding] = [
  .paths([["timestamp"]]), .paths([["event"]]), .paths([["userId"], ["anonymousId"]]),
  .paths([["messageId"]]), .paths([["type"]]), .paths([["platform"]]),
  .paths([["context", "ip"]]), .paths([["context", "locale"]]), .paths([["context", "city"]]),
  .paths([["properties", "total"]]), .paths([["properties", "currency"]]),
  .paths([["properties", "quantity"]]), .paths([["properties", "order_id"]]),
  .paths([["properties", "first"]]),
]
let five: [FieldBinding] = [
  .paths([["timestamp"]]), .paths([["event"]]), .paths([["userId"]]), .paths([["messageId"]]),
  .paths([["properties", "total"]]),
]

let csvColumns = [
  "user_id", "session_id", "event", "timestamp", "platform", "channel", "cohort", "lifecycle",
]
let csv: [FieldBinding] = ["timestamp", "event", "user_id", "platform", "lifecycle"].map {
  .paths([[$0]])
}

let distinct = 8_192
let rounds = 200

/// Lays texts out one after another, as a batch from a broker is, in memory kept to the end.
func batch(_ texts: [String]) -> [RawMessage] {
  let log = UnsafeMutableRawBufferPointer.allocate(
    byteCount: texts.reduce(0) { $0 + $1.utf8.count }, alignment: 16)
  var messages: [RawMessage] = []
  var end = 0
  for text in texts {
    let count = text.utf8.count
    let place = UnsafeMutableRawBufferPointer(rebasing: log[end..<(end + count)])
    place.copyBytes(from: text.utf8)
    messages.append(
      RawMessage(
        payload: UnsafePointer(place.baseAddress?.assumingMemoryBound(to: UInt8.self)),
        payloadCount: Int32(count), offset: Int64(messages.count)))
    end += count
  }
  return messages
}

/// The least time of several runs over all messages, in blocks of 64, per event in nanoseconds.
func measure(
  _ fields: [FieldBinding], over messages: [RawMessage], format: PayloadFormat, readTime: Bool
) -> (ns: Double, checksum: Int64) {
  let decoder = EventDecoder(
    source: SourcePlan(name: "bench", topic: "bench", format: format, fields: fields),
    topic: "bench")
  let slots = UnsafeMutablePointer<Value>.allocate(capacity: fields.count * 64)
  defer { slots.deallocate() }
  let clock = ContinuousClock()
  var best = Double.infinity
  var checksum: Int64 = 0
  messages.withUnsafeBufferPointer { messages in
    guard let first = messages.baseAddress else { return }
    for _ in 0..<rounds {
      let elapsed = clock.measure {
        for index in messages.indices {
          if index & 63 == 0 { decoder.beginBlock() }
          let row = slots + (index & 63) * fields.count
          if decoder.decode(first + index, into: row) != nil { checksum = .min }
          if readTime { checksum &+= decoder.eventTime(row[0])?.ms ?? 1 }
        }
      }
      let (seconds, attoseconds) = elapsed.components
      best = min(best, Double(seconds) * 1e9 + Double(attoseconds) / 1e9)
    }
  }
  return (best / Double(messages.count), checksum)
}

func rounded(_ number: Double, _ places: Double) -> Double {
  Double(Int(number * places + 0.5)) / places
}

let events = batch((0..<distinct).map(event))
let rows = batch((0..<distinct).map(row))
let csvFormat = PayloadFormat.csv(CSVFormat(header: csvColumns))
let jobs: [(String, [FieldBinding], [RawMessage], PayloadFormat, Bool)] = [
  ("JSON, 5 fields", five, events, .json, false),
  ("JSON, 5 fields and time", five, events, .json, true),
  ("JSON, 14 fields", fourteen, events, .json, false),
  ("JSON, 14 fields and time", fourteen, events, .json, true),
  ("CSV, 5 of 8 fields and time", csv, rows, csvFormat, true),
]
print("best of \(rounds) passes over \(distinct) messages, one thread")
for (name, fields, messages, format, readTime) in jobs {
  let (ns, checksum) = measure(fields, over: messages, format: format, readTime: readTime)
  let size = Double(messages.reduce(0) { $0 + Int($1.payloadCount) }) / Double(messages.count)
  print(
    "\(name): \(Int(size)) bytes, \(rounded(ns, 10)) ns/event, \(rounded(size / ns, 100)) GB/s,",
    "\(rounded(1e3 / ns, 100)) M events/s (checksum \(checksum))")
}
