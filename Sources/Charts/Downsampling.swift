/// A point on the drawing.
struct PlotPoint: Equatable {
  var x: Double
  var y: Double
  var isProvisional = false
}

/// Fewer points for a line that looks the same.
enum Downsampling {
  /// Of the points in each column of one pixel: the first, the highest, the lowest and the last, in
  /// their order. So no extreme is lost, and no more than four points a column are kept. `points`
  /// ascend by x. O(points).
  static func extremes(_ points: [PlotPoint]) -> [PlotPoint] {
    var kept: [PlotPoint] = []
    var start = 0
    while start < points.count {
      let column = points[start].x.rounded(.down)
      var end = start
      var (lowest, highest) = (start, start)
      while end < points.count, points[end].x.rounded(.down) == column {
        if points[end].y < points[highest].y { highest = end }
        if points[end].y > points[lowest].y { lowest = end }
        end += 1
      }
      var previous = -1
      for index in [start, min(lowest, highest), max(lowest, highest), end - 1]
      where index > previous {
        kept.append(points[index])
        previous = index
      }
      start = end
    }
    return kept
  }

  /// Pieces of a line between gaps. A gap narrower than a pixel is none: it could not be seen.
  /// Ascending by x; nil is a gap.
  static func runs(_ points: [(x: Double, point: PlotPoint?)]) -> [[PlotPoint]] {
    var runs: [[PlotPoint]] = []
    var run: [PlotPoint] = []
    var isGap = false
    for (_, point) in points {
      guard let point else {
        isGap = true
        continue
      }
      if isGap, let last = run.last, point.x.rounded(.down) - last.x.rounded(.down) >= 2 {
        runs.append(run)
        run = []
      }
      isGap = false
      run.append(point)
    }
    if !run.isEmpty { runs.append(run) }
    return runs
  }
}
