import Foundation
import Testing

/// What a person does to a page, and what they look at it with.
extension BrowserPage {
  /// A window of a width and height in CSS pixels.
  enum Viewport: String, CaseIterable, Sendable {
    case narrow, wide

    var size: (width: Int, height: Int) { self == .narrow ? (390, 844) : (1280, 900) }
  }

  /// Clicks the middle of the first element that `selector` finds, as a mouse would: an element
  /// that lies under another is not hit.
  func click(_ selector: String, location: SourceLocation = #_sourceLocation) async throws {
    let place: [Double]? = try await evaluate(
      """
      (() => {
        const found = document.querySelector(\(Self.quoted(selector)));
        if (!found) return null;
        found.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
        const box = found.getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2];
      })()
      """)
    let point = try #require(place, "there is no \(selector)", sourceLocation: location)
    for type in ["mouseMoved", "mousePressed", "mouseReleased"] {
      try await send(
        "Input.dispatchMouseEvent",
        [
          "type": .text(type), "x": .number(point[0]), "y": .number(point[1]), "button": "left",
          "clickCount": type == "mouseMoved" ? 0 : 1,
        ])
    }
  }

  /// Puts `text` in place of what the first field that `selector` finds holds.
  func type(
    _ text: String, into selector: String, location: SourceLocation = #_sourceLocation
  ) async throws {
    let isFound: Bool = try await evaluate(
      """
      (() => {
        const found = document.querySelector(\(Self.quoted(selector)));
        if (!found) return false;
        found.focus();
        if (found.select) found.select();
        return document.activeElement === found;
      })()
      """)
    try #require(
      isFound, "there is no field \(selector) that can be typed into",
      sourceLocation: location)
    try await send("Input.insertText", ["text": .text(text)])
  }

  /// Presses a key, `Tab` or `Enter`.
  func press(_ key: String) async throws {
    let code = key == "Enter" ? 13 : 9
    for type in ["keyDown", "keyUp"] {
      var event: [String: JSON] = [
        "type": .text(type), "key": .text(key), "code": .text(key),
        "windowsVirtualKeyCode": .number(Double(code)),
      ]
      if key == "Enter", type == "keyDown" { event["text"] = "\r" }
      try await send("Input.dispatchKeyEvent", .object(event))
    }
  }

  /// Gives the window another size.
  func resize(_ viewport: Viewport) async throws {
    let (width, height) = viewport.size
    try await send(
      "Emulation.setDeviceMetricsOverride",
      [
        "width": .number(Double(width)), "height": .number(Double(height)),
        "deviceScaleFactor": 1, "mobile": .bool(viewport == .narrow),
      ])
  }

  /// Prefers dark pages, or light ones.
  func prefer(dark: Bool) async throws {
    try await send(
      "Emulation.setEmulatedMedia",
      [
        "features": [
          ["name": "prefers-color-scheme", "value": .text(dark ? "dark" : "light")],
          ["name": "prefers-reduced-motion", "value": "reduce"],
        ]
      ])
  }

  /// Asks for pages in `languages`, as `Accept-Language` has them.
  func speak(_ languages: String) async throws {
    let version = try await send("Browser.getVersion")
    try await send(
      "Emulation.setUserAgentOverride",
      [
        "userAgent": version["userAgent"] ?? "weir", "acceptLanguage": .text(languages),
      ])
  }

  /// Lets pages that are loaded from now on fetch nothing: what changes by itself stays as it came,
  /// and what has the focus is not replaced.
  func standStill() async throws {
    try await send(
      "Page.addScriptToEvaluateOnNewDocument",
      ["source": "window.fetch = () => new Promise(() => {});"])
  }

  /// Runs no script of pages that are loaded from now on.
  func disableScripts() async throws {
    try await send("Emulation.setScriptExecutionDisabled", ["value": true])
  }

  /// A JavaScript literal of `text`.
  static func quoted(_ text: String) -> String {
    let data = (try? JSONEncoder().encode(text)) ?? Data()
    return String(decoding: data, as: UTF8.self)
  }
}
