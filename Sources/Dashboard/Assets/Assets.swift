import Charts
import Digests

/// Files that pages load. Their addresses name their content, so that browsers may keep them.
enum Assets {
  /// One file.
  struct Asset: Sendable {
    var plainPath: String
    var contentType: String
    var bytes: [UInt8]
    /// With what tells its versions apart.
    var path: String

    init(_ name: String, _ contentType: String, _ bytes: [UInt8]) {
      plainPath = "/assets/\(name)"
      self.contentType = contentType
      self.bytes = bytes
      path = plainPath + "?v=" + Hex.text(SHA256Digest.of(bytes).prefix(6))
    }
  }

  static let style = Asset(
    "console.css", "text/css; charset=utf-8",
    Array((ChartStyle.sheet + PageStyle.sheet).utf8) + PackageResources.console_css)
  static let script = Asset(
    "console.js", "text/javascript; charset=utf-8", PackageResources.console_js)
  static let icon = Asset("icon.svg", "image/svg+xml", PackageResources.icon_svg)
}
