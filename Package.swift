// swift-tools-version: 6.3
import PackageDescription

// Every room is compiled with the same strict rules; a warning is an error.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
]
// The rooms that touch C mark every unsafe expression.
let strict = house + [.strictMemorySafety()]

let package = Package(
    name: "magpie",
    products: [
        .executable(name: "magpie", targets: ["magpie"]),
        .library(name: "WeChat", targets: ["WeChat"]),
        .library(name: "Store", targets: ["Store"]),
        // For tests alone: what they preload into a program to have its disk fail or its clock step.
        .library(name: "faults", type: .dynamic, targets: ["Faults"]),
    ],
    targets: [
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),

        .target(name: "Wire", swiftSettings: house),
        .target(name: "Reactor", dependencies: ["CLinux"], swiftSettings: strict),
        .target(name: "Secure", dependencies: ["COpenSSL"], swiftSettings: strict),
        .target(name: "HTTP", dependencies: ["Wire", "Reactor", "Secure"], swiftSettings: house),
        .target(name: "Store", dependencies: ["Secure", "CSQLite"], swiftSettings: strict),
        .target(name: "WeChat", dependencies: ["Store", "Secure", "Wire"], swiftSettings: house),
        .target(
            name: "Gateway", dependencies: ["WeChat", "Store", "HTTP", "Reactor", "Secure", "Wire"],
            swiftSettings: house),
        .target(name: "Sandbox", dependencies: ["HTTP", "Wire", "Secure", "Reactor"], swiftSettings: house),
        .executableTarget(
            name: "magpie",
            dependencies: ["Gateway", "Sandbox", "WeChat", "Store", "HTTP", "Reactor", "Secure", "Wire"],
            swiftSettings: house),

        .target(
            name: "TestSupport", dependencies: ["CLinux", "COpenSSL"], path: "Tests/TestSupport", swiftSettings: house),
        // A second reader of requests, which shares nothing with Wire, and what holds Wire's against it.
        .target(name: "SecondReading", dependencies: ["Wire"], path: "Tests/SecondReading", swiftSettings: house),
        .testTarget(
            name: "WireTests", dependencies: ["Wire", "SecondReading", "TestSupport"], exclude: ["Vectors"],
            swiftSettings: house),
        .testTarget(name: "ReactorTests", dependencies: ["Reactor"], swiftSettings: house),
        .testTarget(name: "SecureTests", dependencies: ["Secure", "TestSupport"], swiftSettings: house),
        .testTarget(
            name: "HTTPTests", dependencies: ["HTTP", "Reactor", "Secure", "Wire", "TestSupport"], swiftSettings: house),
        .testTarget(name: "StoreTests", dependencies: ["Store"], swiftSettings: house),
        .target(name: "Faults", path: "Tests/Faults"),
        // The processes that tests start, several on one store, and kill.
        .executableTarget(
            name: "store-worker", dependencies: ["Store"], path: "Tests/StoreWorker", swiftSettings: house),
        .testTarget(
            name: "WeChatTests", dependencies: ["WeChat"], resources: [.copy("Vectors")], swiftSettings: house),
        .testTarget(
            name: "SandboxTests", dependencies: ["Sandbox", "HTTP", "Reactor", "Secure", "Wire", "TestSupport"],
            swiftSettings: house),
        .testTarget(
            name: "GatewayTests", dependencies: ["Gateway", "WeChat", "Reactor", "Secure", "Wire", "TestSupport"],
            swiftSettings: house),
        .testTarget(
            name: "CommandTests", dependencies: ["magpie", "Gateway", "WeChat", "Reactor", "Secure", "TestSupport"],
            swiftSettings: house),
        // Starts the built program as a process, with a platform made for tests at its other end.
        .testTarget(
            name: "ProcessTests", dependencies: ["magpie", "TestSupport"], exclude: ["Corpus"], swiftSettings: house),
        // The built program under attack, in quantity: does nothing unless MAGPIE_TORTURE is short or long.
        .testTarget(
            name: "TortureTests",
            // GatewayTests for its bench: the gateway without sockets.
            dependencies: [
                "magpie", "GatewayTests", "Gateway", "WeChat", "Store", "Reactor", "Secure", "Wire", "SecondReading",
                "TestSupport", "COpenSSL",
            ],
            swiftSettings: house),
        // Beside programs of others, proxies and backends and what watches it: does nothing unless MAGPIE_NEIGHBOURS is 1.
        .testTarget(name: "NeighbourTests", dependencies: ["magpie", "TestSupport"], swiftSettings: house),
        .testTarget(name: "HouseTests", swiftSettings: house),
        // What `make bench` needs beside wrk and nginx.
        .executableTarget(
            name: "bench-tool", dependencies: ["Gateway", "WeChat", "Store", "HTTP", "Reactor", "Secure", "Wire"],
            path: "Benchmarks/Tool", swiftSettings: house),
        // Drives a browser against the built program: does nothing unless MAGPIE_E2E is 1.
        .testTarget(name: "EndToEndTests", exclude: ["Pages"], swiftSettings: house),
    ]
)
