// swift-tools-version: 6.2
// A package of its own over the public products, so that users of KaskManager never resolve what only benchmarks need.
import PackageDescription

let package = Package(
    name: "kaskman-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "kaskman", path: "..")],
    targets: [
        .executableTarget(
            name: "Bench",
            dependencies: [
                .product(name: "KaskManCore", package: "kaskman"),
                .product(name: "KaskManObservability", package: "kaskman"),
            ],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
            ]
        )
    ],
    swiftLanguageModes: [.v6]
)
