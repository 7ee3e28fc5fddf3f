import SnapshotStore
import StreamCore

/// Examples of rejected and late events on a page.
struct SampleSection {
  let asked: Asked

  private static let rowsMax = 10
  /// Characters of a payload that are shown.
  private static let payloadMax = 400

  func html(_ kind: SampleKind) throws -> HTML {
    let words = asked.words.data
    let zone = asked.file.zone
    let mayReveal = asked.visitor.mayReveal
    let rows = try asked.reader.samplePage(kind, withPayload: mayReveal, limit: Self.rowsMax).rows
    guard !rows.isEmpty else { return "<p class=\"muted\">\(words.noSamples)</p>" }
    let isLate = kind == .late
    var columns: [PageTable.Column] =
      [.init(words.taken, .time)]
      + (isLate
        ? [.init(words.behindWatermark, isNumber: true)]
        : [.init(words.reason, .long), .init(words.detail, .long)])
      + [.init(words.place), .init(words.eventTime, .time)]
    if mayReveal { columns.append(.init(words.payload, .long)) }
    var table = PageTable(isLate ? words.lateSamples : words.rejectedSamples, columns)
    for row in rows {
      let sample = row.sample
      var cells: [HTML] = [.text(ZoneTimes.second(row.taken, zone))]
      if isLate {
        let behind = sample.watermark.flatMap { mark in sample.eventTime.map { mark.ms - $0.ms } }
        cells.append(
          .text(behind.map { PageText.duration($0, asked.words) } ?? asked.words.frame.missing))
      } else {
        cells += [.text(words.reasonNames[sample.reason] ?? sample.reason), .text(sample.detail)]
      }
      cells += [
        .text("\(sample.id.topic)/\(sample.id.partition) @ \(sample.offset)"),
        .text(sample.eventTime.map { ZoneTimes.second($0, zone) } ?? ""),
      ]
      if mayReveal {
        let shown = sample.payload.prefix(Self.payloadMax)
        cells.append("<code>\(shown)\(shown.count < sample.payload.count ? "…" : "")</code>")
      }
      table.add(cells)
    }
    let note = mayReveal ? words.samplesHelp : "\(words.samplesHelp) \(words.hidden)"
    let csv = "\(APIPath.prefix)/samples/\(kind.rawValue)?format=csv"
    return """
      <p class="muted">\(note)</p>\(table.html)\
      <p><a href="\(csv)">\(asked.words.frame.csv)</a></p>
      """
  }
}

/// Messages by destination and state, and those that were given up.
struct OutboxSection {
  let asked: Asked

  private static let deadMax = 50

  var html: HTML {
    get throws {
      let words = asked.words.data
      let depths = try asked.reader.outboxDepth()
      guard !depths.isEmpty else { return "<p class=\"muted\">\(words.noMessages)</p>" }
      var table = PageTable(
        words.outbox,
        [
          .init(words.destination), .init(words.state), .init(words.count, isNumber: true),
          .init(words.oldest, .time),
        ])
      for depth in depths {
        let state = depth.state.rawValue
        let kind = ["dead": "critical", "pending": "warning", "delivered": "good"][state] ?? ""
        table.add([
          .text(depth.sink), .tag(asked.words.alerts.names[state] ?? state, kind),
          .text(PageText.count(depth.count)),
          .text(ZoneTimes.second(depth.oldest, asked.file.zone)),
        ])
      }
      let csv = "\(APIPath.prefix)/outbox?format=csv"
      return """
        \(table.html)<p><a href="\(csv)">\(asked.words.frame.csv)</a></p>\(try dead(depths))
        """
    }
  }

  private func dead(_ depths: [OutboxDepth]) throws -> HTML {
    let words = asked.words.data
    let sinks = depths.filter { $0.state == .dead }.map(\.sink)
    guard !sinks.isEmpty else { return .empty }
    var query = OutboxQuery()
    query.states = [.dead]
    query.limit = Self.deadMax
    let rows = try asked.reader.outboxPage(query).rows
    let forms = sinks.html { sink -> HTML in
      PageFrame.changeForm(
        asked, action: "/outbox/retry",
        """
        <input type="hidden" name="sink" value="\(sink)"><button>\(words.retryAll(sink))</button>
        """)
    }
    return "<h3>\(words.deadMessages)</h3>\(OutboxTable.html(rows, asked))\(forms)"
  }
}
