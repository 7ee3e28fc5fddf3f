// One table over all figures that the benchmarks noted, ratios first.
//
//   WEIR_BENCH_FIGURES=FILE Benchmarks/.build/release/TableBenchmark
//
// A ratio below 1 is within the target. Ends with 1 when a target is missed.

import BenchmarkKit
import Foundation

/// Three digits that say something.
func digits(_ value: Double) -> String {
  switch abs(value) {
  case 100...: String(format: "%.0f", value)
  case 10..<100: String(format: "%.1f", value)
  default: String(format: "%.2f", value)
  }
}

func target(_ figure: Figure) -> String {
  switch figure.target {
  case .atMost(let most): "<= \(digits(most)) \(figure.unit)"
  case .atLeast(let least): ">= \(digits(least)) \(figure.unit)"
  case .none: ""
  }
}

do {
  let figures = try Figures.all()
  var rows = [["ratio", "", "what", "reached", "target"]]
  var group = ""
  for figure in figures {
    if figure.group != group {
      group = figure.group
      rows.append(["", "", "\(group):", "", ""])
    }
    let verdict = figure.isReached.map { $0 ? "" : "MISSED" } ?? ""
    rows.append([
      figure.ratio.map(digits) ?? "", verdict, "  " + figure.name,
      "\(digits(figure.value)) \(figure.unit)", target(figure),
    ])
  }
  let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
  for row in rows {
    let cells = row.enumerated().map { column, cell in
      cell.padding(toLength: widths[column], withPad: " ", startingAt: 0)
    }
    print(cells.joined(separator: "  "))
  }
  let missed = figures.filter { $0.isReached == false }
  print("\(figures.count) figures, \(missed.count) of them beyond their targets")
  exit(missed.isEmpty ? 0 : 1)
} catch {
  FileHandle.standardError.write(Data("TableBenchmark: \(error)\n".utf8))
  exit(1)
}
