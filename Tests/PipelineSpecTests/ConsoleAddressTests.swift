import Testing

@testable import PipelineSpec

@Suite struct ConsoleAddressTests {
  @Test(
    "an address is read as people write it",
    arguments: [
      ("8080", "127.0.0.1:8080"), (":8080", "127.0.0.1:8080"), ("0.0.0.0:80", "0.0.0.0:80"),
      ("[::1]:9000", "[::1]:9000"), ("shop-worker:0", "shop-worker:0"),
    ])
  func reads(text: String, expected: String) {
    #expect(ConsoleAddress(text)?.description == expected)
  }

  @Test(
    "what is no address is refused", arguments: ["", "http", "a:b", "::1:80", "1:99999", "a/b:1"])
  func refuses(text: String) {
    #expect(ConsoleAddress(text) == nil)
  }

  @Test("a machine's own address is loopback, any other is not")
  func loopback() {
    #expect(ConsoleAddress("80")?.isLoopback == true)
    #expect(ConsoleAddress("[::1]:80")?.isLoopback == true)
    for other in ["0.0.0.0", "127.example.com", "127.0.0.1.example.com", "127.", "1270.0.0.1"] {
      #expect(ConsoleAddress(host: other, port: 80).isLoopback == false, "\(other)")
    }
  }
}
