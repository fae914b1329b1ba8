// swift-tools-version: 6.3
import PackageDescription

let package = Package(
    name: "embedding",
    dependencies: [
        // In your own project: .package(url: "<the repository>", branch: "main")
        .package(name: "magpie", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "embedding",
            dependencies: [
                .product(name: "WeChat", package: "magpie"), .product(name: "Store", package: "magpie"),
            ])
    ]
)
