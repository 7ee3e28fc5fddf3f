// swift-tools-version: 6.1
import PackageDescription

let swift: [SwiftSetting] = [.swiftLanguageMode(.v6)]

let package = Package(
  name: "weir-benchmarks",
  dependencies: [.package(name: "weir", path: "..")],
  targets: [
    .executableTarget(
      name: "ConsumeBenchmark",
      dependencies: [
        .product(name: "KafkaClient", package: "weir"),
        .product(name: "StreamCore", package: "weir"),
      ],
      swiftSettings: swift),
    .executableTarget(
      name: "DecodeBenchmark", dependencies: [.product(name: "StreamCore", package: "weir")],
      swiftSettings: swift),
    .executableTarget(
      name: "BrokerBenchmark",
      dependencies: [
        "BenchmarkKit",
        .product(name: "KafkaClient", package: "weir"),
        .product(name: "StreamCore", package: "weir"),
      ],
      swiftSettings: swift),
    .executableTarget(
      name: "CoreBenchmark",
      dependencies: [
        "BenchmarkKit",
        .product(name: "PipelineSpec", package: "weir"),
        .product(name: "StreamCore", package: "weir"),
      ],
      swiftSettings: swift),
    .executableTarget(
      name: "UsersBenchmark",
      dependencies: [
        "BenchmarkKit",
        .product(name: "PipelineSpec", package: "weir"),
        .product(name: "StreamCore", package: "weir"),
      ],
      swiftSettings: swift),
    .executableTarget(
      name: "RiskBenchmark",
      dependencies: ["BenchmarkKit", .product(name: "StreamCore", package: "weir")],
      swiftSettings: swift),
    .executableTarget(
      name: "LatencyBenchmark",
      dependencies: [
        "BenchmarkKit",
        .product(name: "KafkaClient", package: "weir"),
        .product(name: "SnapshotStore", package: "weir"),
      ],
      swiftSettings: swift),
    .executableTarget(
      name: "QueryBenchmark",
      dependencies: [
        .product(name: "SnapshotStore", package: "weir"),
        .product(name: "StreamCore", package: "weir"),
      ],
      swiftSettings: swift),
    .executableTarget(
      name: "ConsoleBenchmark",
      dependencies: [
        "BenchmarkKit",
        .product(name: "PipelineSpec", package: "weir"),
        .product(name: "SnapshotStore", package: "weir"),
        .product(name: "StreamCore", package: "weir"),
      ],
      swiftSettings: swift),
    .executableTarget(
      name: "ReplayBenchmark", dependencies: ["BenchmarkKit"], swiftSettings: swift),
    .executableTarget(
      name: "BacktestBenchmark", dependencies: ["BenchmarkKit"], swiftSettings: swift),
    .executableTarget(
      name: "FullBenchmark",
      dependencies: ["BenchmarkKit", .product(name: "SnapshotStore", package: "weir")],
      swiftSettings: swift),
    .executableTarget(
      name: "InstructionBenchmark", dependencies: ["BenchmarkKit"], swiftSettings: swift),
    .executableTarget(
      name: "TableBenchmark", dependencies: ["BenchmarkKit"], swiftSettings: swift),
    .executableTarget(
      name: "WorkerBenchmark", dependencies: ["BenchmarkKit"], swiftSettings: swift),
    .target(name: "BenchmarkKit", swiftSettings: swift),
  ]
)
