// swift-tools-version: 6.2
// The architecture document: one section a wing, targets in the order of the arrows. A target may import only targets above its own
// (ARCHITECTURE.md, checked by Tests/ArchitectureTests).
import PackageDescription

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// Warnings are errors in checks and CI (`make test` sets the variable), not for users with another compiler.
let warningsAreErrors = Context.environment["KASKMAN_WARNINGS_AS_ERRORS"] != nil

let language: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("InferIsolatedConformances"),
        .enableUpcomingFeature("ImmutableWeakCaptures"),
    ] + (warningsAreErrors ? [.treatAllWarnings(as: .error)] : [])

/// A target with no input or output, no clock and no package but ours.
func pure(_ name: String, in wing: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        path: "Sources/\(wing)/\(name)",
        swiftSettings: language + [.strictMemorySafety()]
    )
}

/// A target that touches the world: threads, disks, sockets, foreign libraries.
func adapter(_ name: String, in wing: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(wing)/\(name)", swiftSettings: language)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: dependencies + ["ChaosTesting"],
        path: "Tests/\(name)Tests",
        resources: resources,
        swiftSettings: language
    )
}

let package = Package(
    name: "kaskman",
    platforms: [.macOS(.v15)],
    products: [
        .library(
            name: "KaskManCore",
            targets: ["Basics", "RegularExpressions", "MetricModel", "Instruments", "Supervision"]
        ),
        .library(
            name: "KaskManObservability",
            targets: ["Exposition", "TimeSeries", "PromQL", "Queries", "Scraping", "Rules", "Notifications"]
        ),
        .executable(name: "kaskman-server", targets: ["kaskman-server"]),
        .executable(name: "kaskman", targets: ["kaskman"]),
        .executable(name: "kaskman-worker", targets: ["kaskman-worker"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(
            url: "https://github.com/apple/swift-configuration",
            from: "1.4.0",
            traits: [.defaults, "YAML", "CommandLineArguments", "Reloading"]
        ),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        // Core: what wraps everything.
        adapter("Basics", in: "Core"),
        pure("JSON", in: "Core"),
        pure("RegularExpressions", in: "Core"),
        pure("MetricModel", in: "Core", ["Basics", "RegularExpressions"]),
        adapter(
            "Instruments",
            in: "Core",
            ["Basics", "MetricModel", .product(name: "CoreMetrics", package: "swift-metrics")]
        ),
        adapter("Supervision", in: "Core", ["Basics", "Instruments", "JSON", logging]),

        // Observability: the Prometheus-grade engine; knows nothing of projects, users or SQL.
        pure("Exposition", in: "Observability", ["Basics", "MetricModel"]),
        pure("TimeSeries", in: "Observability", ["Basics", "MetricModel"]),
        pure("PromQL", in: "Observability", ["Basics", "MetricModel", "RegularExpressions"]),
        adapter("Queries", in: "Observability", ["Basics", "Instruments", "MetricModel", "PromQL", "Supervision"]),
        adapter("Scraping", in: "Observability", ["Basics", "Instruments", "MetricModel", "Supervision"]),
        adapter(
            "Rules",
            in: "Observability",
            ["Basics", "Instruments", "MetricModel", "PromQL", "RegularExpressions", yams]
        ),
        adapter(
            "Notifications",
            in: "Observability",
            ["Basics", "Instruments", "JSON", "MetricModel", "RegularExpressions", "Rules", yams]
        ),

        // Platform: what any service needs; knows nothing of metrics stores or projects.
        .systemLibrary(name: "CCrypt", path: "Sources/System/CCrypt", providers: [.apt(["libcrypt-dev"])]),
        .systemLibrary(name: "CPostgres", path: "Sources/System/CPostgres", providers: [.apt(["libpq-dev"])]),
        adapter("Database", in: "Platform", ["Basics", "CPostgres", "Instruments", grdb, grdbSQLite, crypto]),
        .systemLibrary(name: "CHiredis", path: "Sources/System/CHiredis", providers: [.apt(["libhiredis-dev"])]),
        adapter(
            "KeyValue",
            in: "Platform",
            [
                "Basics", "CHiredis", "Instruments", crypto,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),
        adapter("Events", in: "Platform", ["Basics", "Database", "Instruments", "JSON"]),
        adapter(
            "Records",
            in: "Platform",
            ["Basics", "Database", "Events", "Instruments", "JSON", "Supervision", crypto]
        ),
        adapter(
            "Identity",
            in: "Platform",
            ["Basics", "CCrypt", "Database", "Events", "Instruments", "JSON", crypto, jwtKit, logging]
        ),

        // Research: what the platform is for.
        adapter(
            "Projects",
            in: "Research",
            ["Basics", "Database", "Events", "Instruments", "JSON", "Records", "Supervision", logging]
        ),
        pure("Coordination", in: "Research", ["Basics"]),
        adapter(
            "Tasks",
            in: "Research",
            [
                "Basics", "Coordination", "Database", "Events", "Instruments", "JSON", "Projects", "Records",
                "Supervision", crypto, logging,
            ]
        ),
        adapter(
            "Schedules",
            in: "Research",
            [
                "Basics", "Database", "Events", "Instruments", "JSON", "Projects", "Records", "Supervision", "Tasks",
                logging,
            ]
        ),
        adapter(
            "Agents",
            in: "Research",
            ["Basics", "Database", "Events", "Identity", "Instruments", "JSON", "Records", "Supervision", logging]
        ),

        // Service: what the world speaks to.
        .systemLibrary(name: "CZlib", path: "Sources/System/CZlib", providers: [.apt(["zlib1g-dev"])]),
        pure("APIModel", in: "Service", ["JSON"]),
        adapter(
            "HTTP",
            in: "Service",
            [
                "APIModel", "Basics", "CZlib", "Instruments", "JSON", "KeyValue",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                logging,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        adapter(
            "WebAPI",
            in: "Service",
            [
                "APIModel", "Agents", "Basics", "Coordination", "Database", "Events", "Exposition", "HTTP", "Identity",
                "Instruments", "JSON", "MetricModel", "Projects", "PromQL", "Queries", "Records", "Rules",
                "Schedules", "Supervision", "Tasks", logging,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]
        ),
        adapter(
            "Client",
            in: "Service",
            [
                "Basics", "JSON",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .systemLibrary(name: "CProcess", path: "Sources/System/CProcess"),
        adapter(
            "Worker",
            in: "Service",
            [
                "Basics", "CProcess", "Client", "Exposition", "Instruments", "JSON",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                crypto, logging,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        adapter(
            "Composition",
            in: "Service",
            [
                "Agents", "Basics", "Database", "Events", "HTTP", "Identity", "Instruments", "JSON", "KeyValue",
                "MetricModel", "Notifications", "Projects", "PromQL", "Queries", "Rules", "Schedules", "Scraping",
                "Supervision", "Tasks", "TimeSeries", "WebAPI",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Configuration", package: "swift-configuration"),
                crypto, logging,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                yams,
            ]
        ),

        // Commands: parse arguments, call.
        .executableTarget(
            name: "kaskman-server",
            dependencies: [
                "Basics", "Composition", "Supervision", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/Commands/kaskman-server",
            swiftSettings: language
        ),
        .executableTarget(
            name: "kaskman",
            dependencies: [
                "Basics", "Client", "Exposition", "JSON", "MetricModel", "Notifications", "PromQL", "Rules", crypto,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/Commands/kaskman",
            swiftSettings: language
        ),
        .executableTarget(
            name: "kaskman-worker",
            dependencies: [
                "Basics", "Client", "Instruments", "Supervision", "Worker", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/Commands/kaskman-worker",
            swiftSettings: language
        ),

        // Tests: one target a module.
        tests("Architecture", []),
        tests("Basics", ["Basics"]),
        tests("JSON", ["Basics", "JSON"]),
        tests("RegularExpressions", ["RegularExpressions"]),
        tests("MetricModel", ["Basics", "MetricModel"]),
        tests(
            "Instruments",
            ["Instruments", "MetricModel", .product(name: "CoreMetrics", package: "swift-metrics")]
        ),
        tests(
            "Supervision",
            ["Basics", "Instruments", "MetricModel", "Supervision", logging]
        ),
        tests("Exposition", ["Basics", "Exposition", "MetricModel"]),
        tests("TimeSeries", ["Basics", "Exposition", "MetricModel", "TimeSeries"]),
        tests("PromQL", ["Basics", "MetricModel", "PromQL"]),
        tests("Rules", ["Basics", "Instruments", "MetricModel", "PromQL", "Rules"]),
        tests("Notifications", ["Basics", "Instruments", "MetricModel", "Notifications", "Rules"]),
        .target(name: "ChaosTesting", path: "Tests/ChaosTesting", swiftSettings: language),
        .target(
            name: "DatabaseTesting",
            dependencies: ["Basics", "Database", "Instruments", "MetricModel"],
            path: "Tests/DatabaseTesting",
            swiftSettings: language
        ),
        tests("Database", ["Basics", "Database", "DatabaseTesting", "Instruments", grdb]),
        // What `make bench` runs of what is no public product.
        .executableTarget(
            name: "AdapterLoad",
            dependencies: ["Basics", "Database", "Instruments", "KeyValue"],
            path: "Tests/AdapterLoad",
            swiftSettings: language
        ),
        .target(name: "RedisTesting", path: "Tests/RedisTesting", swiftSettings: language),
        tests(
            "KeyValue",
            [
                "Basics", "DatabaseTesting", "Instruments", "KeyValue", "RedisTesting",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        tests("Events", ["Basics", "Database", "DatabaseTesting", "Events", "Instruments", "JSON"]),
        tests(
            "Identity",
            ["Basics", "Database", "DatabaseTesting", "Events", "Identity", "Instruments", "JSON", crypto, logging]
        ),
        tests("Records", ["Basics", "Database", "DatabaseTesting", "Events", "Instruments", "JSON", "Records"]),
        tests(
            "Projects",
            [
                "Basics", "Database", "DatabaseTesting", "Events", "Instruments", "JSON", "Projects", "Records",
                "Supervision", grdb, logging,
            ]
        ),
        tests("Coordination", ["Basics", "Coordination"]),
        tests(
            "Tasks",
            [
                "Basics", "Coordination", "Database", "DatabaseTesting", "Events", "Instruments", "JSON", "Projects",
                "Records", "Supervision", "Tasks", crypto, logging,
            ]
        ),
        tests(
            "Schedules",
            [
                "Basics", "Database", "DatabaseTesting", "Events", "Instruments", "JSON", "Projects", "Records",
                "Schedules", "Supervision", "Tasks", logging,
            ]
        ),
        tests(
            "Agents",
            [
                "Agents", "Basics", "Database", "DatabaseTesting", "Events", "Identity", "Instruments", "JSON",
                "Records", "Supervision", logging,
            ]
        ),
        tests("APIModel", ["APIModel", "JSON"]),
        tests(
            "HTTP",
            [
                "APIModel", "Basics", "HTTP", "Instruments", "JSON", "KeyValue", "MetricModel",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                logging,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        tests(
            "WebAPI",
            [
                "APIModel", "Agents", "Basics", "Database", "DatabaseTesting", "Events", "HTTP", "Identity",
                "Instruments", "JSON", "KeyValue", "MetricModel", "Projects", "PromQL", "Queries", "Records",
                "RedisTesting", "Rules", "Schedules", "Supervision", "Tasks", "TimeSeries", "WebAPI", crypto, logging,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        tests("Client", ["Basics", "Client", "JSON"]),
        tests("Worker", ["Basics", "Client", "Instruments", "JSON", "MetricModel", "Worker", crypto, logging]),
        tests(
            "KaskmanCommand",
            [
                "Basics", "Client", "JSON", "Rules", "kaskman", crypto,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        tests(
            "Integration",
            [
                "Basics", "DatabaseTesting", "Exposition", "MetricModel", "RedisTesting", "Supervision",
                "kaskman-server", "kaskman-worker", crypto,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        tests(
            "Composition",
            [
                "Basics", "Composition", "Database", "DatabaseTesting", "Events", "Instruments", "JSON", "MetricModel",
                "PromQL", "Rules", "Supervision", logging,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)
