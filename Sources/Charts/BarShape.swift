/// A bar of a time chart, from zero to its value. Pixels.
struct BarShape {
  var from: Double
  var to: Double
  /// Where its value lies, from the top.
  var value: Double
  var isProvisional = false

  /// One path for all `bars`, `gap` pixels apart.
  static func path(_ bars: [BarShape], zero: Double, gap: Double) -> String {
    var path = ""
    for bar in bars {
      let width = SVGWriter.number(max(bar.to - bar.from - gap, 0.5))
      let y = SVGWriter.number(bar.value)
      path += "M\(SVGWriter.number(bar.from)) \(SVGWriter.number(zero))V\(y)h\(width)"
      path += "V\(SVGWriter.number(zero))z"
    }
    return path
  }

  /// For each column of one pixel, by where bars begin: a bar to the value furthest from zero, and
  /// one to the nearest.
  static func columns(
    _ bars: [BarShape], zero: Double, from: Double, to: Double
  ) -> (outer: [BarShape], inner: [BarShape]) {
    var outer: [BarShape] = []
    var inner: [BarShape] = []
    var start = 0
    while start < bars.count {
      let column = bars[start].from.rounded(.down)
      var end = start
      var highest = zero
      var lowest = zero
      var nearest = bars[start].value
      while end < bars.count, bars[end].from.rounded(.down) == column {
        let value = bars[end].value
        highest = min(highest, value)
        lowest = max(lowest, value)
        if (value - zero).magnitude < (nearest - zero).magnitude { nearest = value }
        end += 1
      }
      let left = max(column, from)
      let right = min(column + 1, to)
      for value in [highest, lowest] where value != zero {
        outer.append(BarShape(from: left, to: right, value: value))
      }
      if nearest != zero { inner.append(BarShape(from: left, to: right, value: nearest)) }
      start = end
    }
    return (outer, inner)
  }
}

/// Keeps labels beside a plot from lying over each other.
enum LabelPlaces {
  /// Where labels wanted at `wanted` go: moved apart to `pitch`, within `from ... to`. When there
  /// is not room for all, some of them get none.
  static func spread(
    _ wanted: [Double], pitch: Double, from: Double, to: Double
  ) -> [Double?] {
    let room = max(Int((to - from) / pitch) + 1, 1)
    var order = wanted.indices.sorted { (wanted[$0], $0) < (wanted[$1], $1) }
    if order.count > room {
      // First and last stay, and what lies evenly between.
      let count = Double(order.count - 1)
      order = (0..<room).map { order[Int(Double($0) * count / Double(max(room - 1, 1)))] }
    }
    var places: [Double] = []
    for index in order {
      let lowest = places.last.map { $0 + pitch } ?? from
      places.append(max(min(max(wanted[index], from), to), lowest))
    }
    // What was pushed out below pushes back.
    var limit = to
    for index in places.indices.reversed() {
      places[index] = min(places[index], limit)
      limit = places[index] - pitch
    }
    var result = [Double?](repeating: nil, count: wanted.count)
    for (index, place) in zip(order, places) { result[index] = place }
    return result
  }
}
