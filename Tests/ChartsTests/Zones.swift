import Foundation
import StreamCore

/// Zones of the machine that runs the tests.
enum Zones {
  static func named(_ name: String) throws -> Zone {
    let url = URL(fileURLWithPath: "/usr/share/zoneinfo/").appendingPathComponent(name)
    return try Zone(name: name, tzif: Array(Data(contentsOf: url)))
  }
}
