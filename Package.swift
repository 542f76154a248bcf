// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Lifetimes"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A library of ours; its page of prose is no source, nor is other data.
func library(
    _ name: String, _ dependencies: [Target.Dependency], hasPage: Bool = false, data: [String] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, exclude: (hasPage ? ["README.md"] : []) + data, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], data: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: data, swiftSettings: settings)
}

func systemLibrary(_ name: String, _ package: String, _ debian: String) -> Target {
    .systemLibrary(name: name, pkgConfig: package, providers: [.apt([debian])])
}

// Bottom to top: a target imports only what stands above it (Sources/README.md).
let package = Package(
    name: "knxrig",
    products: [
        .executable(name: "knxrig", targets: ["knxrig"]),
        .executable(name: "reference-controller", targets: ["ReferenceController"]),
    ],
    targets: [
        systemLibrary("CUSB", "libusb-1.0", "libusb-1.0-0-dev"),
        systemLibrary("CSQLite", "sqlite3", "libsqlite3-dev"),
        systemLibrary("CYAML", "yaml-0.1", "libyaml-dev"),
        systemLibrary("CMosquitto", "libmosquitto", "libmosquitto-dev"),
        systemLibrary("CWebSockets", "libwebsockets", "libwebsockets-dev"),
        systemLibrary("CSodium", "libsodium", "libsodium-dev"),
        .target(name: "CPlatform"),
        .target(name: "CYardstick"),
        library("Events", []),
        library("KNX", [], hasPage: true),
        library("USB", []),
        library("Documents", ["CYAML"]),
        library("Catalogue", ["Documents"]),
        library("Platform", ["Events", "CPlatform"]),
        library("Bus", ["Events", "KNX", "Platform"], hasPage: true),
        library("Relays", ["Events", "USB", "Platform", "Documents", "CUSB"], hasPage: true),
        library("Evidence", ["Events", "KNX", "Platform", "CSQLite", "CSodium"]),
        library("Checkers", ["Events", "KNX", "Catalogue"]),
        library("Rigs", ["Events", "KNX", "Platform", "Bus", "Relays", "Evidence", "Documents"]),
        library(
            "Systems", ["Events", "KNX", "Platform", "Documents", "CMosquitto", "CWebSockets", "CSQLite"], hasPage: true
        ),
        library(
            "Scenarios",
            ["Events", "KNX", "Platform", "Bus", "Documents", "Catalogue", "Rigs", "Systems", "Evidence", "Checkers"]),
        library(
            "Monitor", ["Events", "KNX", "Platform", "Bus", "Documents", "Rigs", "Evidence", "Checkers", "Scenarios"]),
        library("Audit", ["Catalogue", "Documents"], data: ["audit.schema.json"]),
        library(
            "Reports", ["Events", "Catalogue", "Checkers", "Evidence"], data: ["scorecard.schema.json", "junit.xsd"]),
        library("Twin", ["Events", "KNX", "USB", "Platform"]),
        .executableTarget(
            name: "ReferenceController", dependencies: ["CMosquitto", "CWebSockets", "CSQLite"], exclude: ["README.md"],
            swiftSettings: settings),
        .executableTarget(
            name: "knxrig",
            dependencies: [
                "Events", "KNX", "USB", "Documents", "Catalogue", "Platform", "Bus", "Relays", "Evidence", "Checkers",
                "Rigs",
                "Systems", "Scenarios", "Monitor", "Audit", "Reports", "Twin",
            ],
            swiftSettings: settings),
        library("Rehearsal", ["Events", "KNX", "Platform", "Bus", "Checkers", "Twin"]),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "Events", "KNX", "Platform", "Bus", "Relays", "Twin", "Rehearsal", "Checkers", "CYardstick",
            ],
            swiftSettings: settings),
        .target(name: "JSONSchema", dependencies: ["Events"], path: "Tests/JSONSchema", swiftSettings: settings),
        tests("EventsTests", ["Events"]),
        tests("KNXTests", ["KNX", "Platform"], data: ["Vectors"]),
        tests("USBTests", ["USB", "Platform"]),
        tests("DocumentsTests", ["Documents"]),
        tests("CatalogueTests", ["Catalogue", "Documents"]),
        tests("PlatformTests", ["Platform", "Events"]),
        tests("BusTests", ["Bus", "KNX", "Events", "Platform", "Twin"]),
        tests("RelaysTests", ["Relays", "USB", "Events", "Platform", "Twin", "Documents"]),
        tests("EvidenceTests", ["Evidence", "Events", "Platform"]),
        tests("CheckersTests", ["Checkers", "Events", "KNX", "Catalogue", "Platform"]),
        tests("RigsTests", ["Rigs", "Relays", "Evidence", "Events", "Platform", "Documents", "KNX", "Bus", "Twin"]),
        tests("SystemsTests", ["Systems", "Events", "KNX", "Platform", "Documents"]),
        tests(
            "ScenariosTests",
            ["Scenarios", "Catalogue", "Checkers", "Evidence", "Rigs", "Systems", "Documents", "Events", "Platform"]),
        tests("MonitorTests", ["Monitor", "KNX", "Events", "Platform", "Documents"]),
        tests("AuditTests", ["Audit", "Catalogue", "Documents", "Events", "JSONSchema", "Platform"], data: ["Corpus"]),
        tests(
            "ReportsTests",
            ["Reports", "Checkers", "Evidence", "Events", "Catalogue", "Documents", "Platform", "JSONSchema"]),
        tests("TwinTests", ["Twin", "KNX", "USB", "Events", "Platform"]),
        tests("RehearsalTests", ["Rehearsal", "Checkers", "Twin", "Bus", "KNX", "Events", "Platform"]),
        tests(
            "IntegrationTests", ["Events", "Platform", "Evidence", "Twin", "Bus", "KNX", "Rigs"],
            data: ["StandIns"]),
        tests("KernelTests", ["Events", "Platform", "Twin", "USB", "KNX"], data: ["Guest"]),
        tests("TidyTests", []),
    ]
)

// What some tests need and nothing else: scripts/check --sanitize builds no more than it runs.
if let names = Context.environment["KNXRIG_TESTS"] {
    var needed: Set<String> = []
    func need(_ name: String) {
        guard needed.insert(name).inserted, let target = package.targets.first(where: { $0.name == name }) else {
            return
        }
        for case .byNameItem(let dependency, _) in target.dependencies { need(dependency) }
    }
    for name in names.split(separator: ",") { need(String(name)) }
    package.targets.removeAll { !needed.contains($0.name) }
    package.products = []
}
