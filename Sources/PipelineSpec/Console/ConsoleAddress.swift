/// Where the console listens: an IP address or a host name, and a port.
public struct ConsoleAddress: Sendable, Hashable, CustomStringConvertible {
  /// Without brackets.
  public var host: String
  /// 0 lets the system choose.
  public var port: Int

  /// Names an address.
  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Reads `8080`, `:8080`, `127.0.0.1:8080`, `[::1]:8080`, `shop-worker:8080`; nil for what is
  /// none of these. Without a host it is the loopback address.
  public init?(_ text: String) {
    var host = Substring("127.0.0.1")
    var port = Substring(text)
    if let colon = text.lastIndex(of: ":") {
      host = text[..<colon]
      port = text[text.index(after: colon)...]
      if host.hasPrefix("["), host.hasSuffix("]") {
        host = host.dropFirst().dropLast()
      } else if host.contains(":") {
        return nil
      }
      if host.isEmpty { host = "127.0.0.1" }
    }
    guard let number = UInt16(port), port.allSatisfy(\.isNumber),
      host.unicodeScalars.allSatisfy({ $0.isASCII && $0.value > 0x20 && $0 != "/" })
    else { return nil }
    self.init(host: String(host), port: Int(number))
  }

  /// Whether only this machine can reach it. A name that merely begins like such an address, as
  /// `127.example.com`, may lead anywhere.
  public var isLoopback: Bool {
    if host.lowercased() == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  /// As in a URL.
  public var description: String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}
