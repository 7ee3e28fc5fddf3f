import Foundation
import Testing

/// What is wrong with how a page looks, as far as a program can tell.
enum LookChecks {
  /// What is wider than the window, by how much; nothing when all is well. What scrolls by itself
  /// may be as wide as it likes.
  static let tooWide = """
    (() => {
      const width = document.documentElement.clientWidth;
      if (document.scrollingElement.scrollWidth <= width) return [];
      const wide = [];
      for (const element of document.body.querySelectorAll("*")) {
        const box = element.getBoundingClientRect();
        const scrolls = (other) =>
          ["auto", "scroll", "hidden"].includes(getComputedStyle(other).overflowX);
        let scroller = element.parentElement;
        while (scroller && !scrolls(scroller)) scroller = scroller.parentElement;
        if (!scroller && box.right > width + 1)
          wide.push(`${element.tagName.toLowerCase()}.${element.getAttribute("class") ?? ""} ` +
            `to ${Math.round(box.right)} of ${width}`);
      }
      return wide.slice(0, 5).concat(wide.length ? [] : ["something"]);
    })()
    """

  /// Pairs of labels of one chart that lie upon each other, and labels that its edge cuts off.
  static let labels = """
    (() => {
      const faults = [];
      for (const chart of document.querySelectorAll("svg")) {
        const edge = chart.getBoundingClientRect();
        if (edge.width < 1 || getComputedStyle(chart).visibility === "hidden") continue;
        const labels = [...chart.querySelectorAll("text")]
          .filter((label) => label.textContent.trim() && getComputedStyle(label).display !== "none")
          .map((label) => ({ text: label.textContent.trim(), box: label.getBoundingClientRect() }))
          .filter((label) => label.box.width > 0);
        const name = chart.closest("[id]")?.id ?? "a chart";
        for (const label of labels) {
          const box = label.box;
          if (box.left < edge.left - 1 || box.right > edge.right + 1 ||
              box.top < edge.top - 1 || box.bottom > edge.bottom + 1)
            faults.push(`${name}: "${label.text}" is cut off`);
        }
        for (let a = 0; a < labels.length; a++)
          for (let b = a + 1; b < labels.length; b++) {
            const [one, other] = [labels[a].box, labels[b].box];
            // Boxes of text have room above and below the letters.
            const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
            const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
            if (across > 1 && down > Math.min(one.height, other.height) * 0.4)
              faults.push(`${name}: "${labels[a].text}" lies upon "${labels[b].text}"`);
          }
      }
      return faults.slice(0, 8);
    })()
    """

  /// Boxes that their own text does not fit into.
  static let tooFull = """
    [...document.querySelectorAll(
      ".card, .wall-tile, .figures > *, .tag, button, .notice, .kpis tr")]
      .filter((box) => box.clientWidth > 0 && box.scrollWidth > box.clientWidth + 1)
      .map((box) => `${box.className || box.tagName}: ${box.textContent.trim().slice(0, 60)}`)
      .slice(0, 5)
    """

  /// Controls that cannot be reached by keyboard, or have no name.
  static let controls = """
    [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary")]
      .filter((control) => {
        const style = getComputedStyle(control);
        return style.visibility !== "hidden" && control.getClientRects().length > 0;
      })
      .filter((control) => control.tabIndex < 0 || (control.tagName === "A" && !control.href))
      .map((control) => control.outerHTML.slice(0, 200))
    """

  /// Roles that have to say what they are.
  static let named: Set = [
    "button", "link", "textbox", "combobox", "checkbox", "radio", "slider", "spinbutton",
    "searchbox", "image", "img",
  ]

  /// Everything that is wrong with a page as it stands.
  static func faults(_ page: BrowserPage) async throws -> [String] {
    var faults = try await page.evaluate(tooWide, as: [String].self).map { "too wide: \($0)" }
    faults += try await page.evaluate(tooFull, as: [String].self).map { "too full: \($0)" }
    faults += try await page.evaluate(labels, as: [String].self)
    faults += try await page.evaluate(controls, as: [String].self).map { "not by keyboard: \($0)" }
    for (role, name) in try await page.accessibility() where named.contains(role) {
      if name.trimmingCharacters(in: .whitespaces).isEmpty {
        faults.append("a \(role) has no name")
      }
    }
    return faults + page.complaints.map(\.description)
  }
}
