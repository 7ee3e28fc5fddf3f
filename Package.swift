// swift-tools-version: 6.1
import PackageDescription

let swift: [SwiftSetting] = [.swiftLanguageMode(.v6)]

/// For the hot path: exclusive access is proved by debug builds and tests, not checked at run time.
let hot: [SwiftSetting] =
  swift + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

/// Targets that the package of the benchmarks uses.
let shared = ["StreamCore", "PipelineSpec", "KafkaClient", "SnapshotStore"]

let package = Package(
  name: "weir",
  products: [.executable(name: "weir", targets: ["weir"])]
    + shared.map { .library(name: $0, targets: [$0]) },
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
  ],
  targets: [
    .systemLibrary(
      name: "CRdKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
    .systemLibrary(name: "CMalloc"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(
      name: "CSimdJSON",
      cxxSettings: [
        .define("NDEBUG", .when(configuration: .release)), .unsafeFlags(["-O3"]),
      ],
      linkerSettings: [.linkedLibrary("simdjson")]),
    .target(name: "StreamCore", dependencies: ["CSimdJSON"], swiftSettings: hot),
    .target(
      name: "PipelineSpec",
      dependencies: ["StreamCore", .product(name: "Yams", package: "Yams")],
      swiftSettings: swift),
    .target(name: "KafkaClient", dependencies: ["CRdKafka", "StreamCore"], swiftSettings: hot),
    .target(
      name: "Digests", dependencies: [.product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: swift),
    .target(
      name: "SnapshotStore",
      dependencies: [
        "StreamCore", "Digests", .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: swift),
    .target(
      name: "Notifications",
      dependencies: [
        "StreamCore", "Digests",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
      ],
      swiftSettings: swift),
    .target(name: "Charts", dependencies: ["StreamCore"], swiftSettings: swift),
    .target(
      name: "Inspection", dependencies: ["StreamCore", "PipelineSpec"], swiftSettings: swift),
    .target(
      name: "WorkerRuntime",
      dependencies: [
        "StreamCore", "PipelineSpec", "KafkaClient", "SnapshotStore", "Notifications", "CMalloc",
        "CZlib",
      ],
      swiftSettings: hot),
    .target(
      name: "Dashboard",
      dependencies: [
        "StreamCore", "PipelineSpec", "SnapshotStore", "Charts", "Digests",
        .product(name: "Hummingbird", package: "hummingbird"),
      ],
      resources: [
        .embedInCode("Assets/console.css"), .embedInCode("Assets/console.js"),
        .embedInCode("Assets/icon.svg"),
      ], swiftSettings: swift),
    .executableTarget(
      name: "weir",
      dependencies: [
        "WorkerRuntime", "Dashboard", "Charts", "Inspection", "Digests",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      // The demo's pipelines, links to those in pipelines/.
      resources: [.embedInCode("Resources/shop.yaml"), .embedInCode("Resources/kpi.yaml")],
      swiftSettings: swift),
    .target(
      name: "StreamTestKit", dependencies: ["StreamCore", "PipelineSpec"],
      path: "Tests/StreamTestKit", swiftSettings: swift),
    // Kills and starves a worker for minutes: see Tests/Soak/Soak.swift.
    .executableTarget(
      name: "soak",
      dependencies: [
        "WorkerRuntime", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/Soak", swiftSettings: swift),
    .testTarget(
      name: "StreamCoreTests", dependencies: ["StreamCore", "StreamTestKit"], swiftSettings: swift),
    .testTarget(
      name: "PipelineSpecTests", dependencies: ["PipelineSpec", "StreamTestKit"],
      exclude: ["Bad", "Released"], swiftSettings: swift),
    .testTarget(
      name: "KafkaClientTests", dependencies: ["KafkaClient", "StreamTestKit"],
      swiftSettings: swift),
    .testTarget(
      name: "SnapshotStoreTests", dependencies: ["SnapshotStore", "StreamTestKit"],
      exclude: ["Released"], swiftSettings: swift),
    .testTarget(
      name: "NotificationsTests", dependencies: ["Notifications", "StreamTestKit"],
      exclude: ["Golden"], swiftSettings: swift),
    .testTarget(
      name: "InspectionTests", dependencies: ["Inspection", "StreamTestKit"],
      swiftSettings: swift),
    .testTarget(
      name: "ChartsTests", dependencies: ["Charts"], exclude: ["Golden"], swiftSettings: swift),
    .testTarget(
      name: "DashboardTests",
      dependencies: [
        "Dashboard", "StreamTestKit",
        .product(name: "HummingbirdTesting", package: "hummingbird"),
      ],
      swiftSettings: swift),
    .testTarget(
      name: "WorkerRuntimeTests", dependencies: ["WorkerRuntime", "StreamTestKit"],
      swiftSettings: swift),
    .testTarget(
      name: "WeirTests", dependencies: ["weir", "soak", "StreamTestKit"], swiftSettings: swift),
    .testTarget(name: "StyleTests", swiftSettings: swift),
  ],
  cxxLanguageStandard: .cxx17
)
