import Foundation
import SnapshotStore
import Synchronization
import WorkerRuntime

/// Shows a demonstration on standard output: a screen that is drawn over itself on a terminal,
/// lines elsewhere.
struct DemoView {
  private let session: DemoSession
  private let notes: DemoNotes
  private let isScreen: Bool
  private let isStyled: Bool
  private var reader: ResultsReader?
  private var figures = DemoFigures()
  private var linesDrawn = 0

  init(session: DemoSession, notes: DemoNotes) {
    self.session = session
    self.notes = notes
    isScreen = isatty(STDOUT_FILENO) == 1 && !ProcessEnvironment.isDumbTerminal
    isStyled = isScreen && ProcessEnvironment.allowsColor
  }

  /// Wall time between two calls of `show`.
  var periodMs: Int64 { isScreen ? 500 : 2_000 }

  /// Shows how it goes. What cannot be read is shown as it was last.
  mutating func show(isLast: Bool = false) {
    if reader == nil { reader = try? ResultsReader.open(path: session.options.dataPath) }
    if let reader { try? figures.update(reader) }
    let screen = DemoScreen(
      DemoModel(
        zone: session.pipeline.plan.zone, speed: session.options.speed,
        progress: session.progress, figures: figures, now: SystemClock.now(),
        dataPath: session.options.dataPath))
    if isScreen {
      draw(screen)
      if isLast { write("\n") }
    } else {
      write(
        screen.plainLines(isLast: isLast).map { $0.rendered(columns: 200, styled: false) + "\n" }
          .joined())
    }
    if isLast || !isScreen { notes.tell() }
  }

  private mutating func draw(_ screen: DemoScreen) {
    let size = Self.terminalSize()
    let lines = screen.lines(rows: size.rows)
    // Back to the first line of the picture before; the cursor was left in its last one.
    var frame = linesDrawn > 1 ? "\r\u{1B}[\(linesDrawn - 1)A" : "\r"
    for (index, line) in lines.enumerated() {
      // What is old is cleared before and not after, where a full line would lose its last column.
      frame += index == lines.count - 1 ? "\u{1B}[J" : "\u{1B}[K"
      frame += line.rendered(columns: size.columns, styled: isStyled)
      if index < lines.count - 1 { frame += "\n" }
    }
    linesDrawn = lines.count
    write(frame)
  }

  private func write(_ text: String) {
    try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
  }

  private static func terminalSize() -> (rows: Int, columns: Int) {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0, size.ws_col > 0
    else { return (DemoScreen.rowsMin, DemoScreen.columns) }
    return (Int(size.ws_row), Int(size.ws_col))
  }
}

/// Trouble that shop and worker survived, kept until it can be told without spoiling the screen.
final class DemoNotes: Sendable {
  private let lines = Mutex<(kept: [String], leftOut: Int)>(([], 0))
  private static let keptMax = 20

  /// Keeps a line; of very many only their number.
  func add(_ line: String) {
    lines.withLock {
      if $0.kept.count < Self.keptMax { $0.kept.append(line) } else { $0.leftOut += 1 }
    }
  }

  /// Tells what was kept, on standard error.
  func tell() {
    let (kept, leftOut) = lines.withLock { lines in
      defer { lines = ([], 0) }
      return lines
    }
    for line in kept { Terminal.tell(line) }
    if leftOut > 0 { Terminal.tell("and \(leftOut) more") }
  }
}
