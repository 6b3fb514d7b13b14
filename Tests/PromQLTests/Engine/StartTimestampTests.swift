import Testing

@testable import PromQL

/// The lines of start timestamps in scripts.
@Suite struct StartTimestampTests {
    @Test(
        arguments: [
            ("_", [nil]), ("_x3", [nil, nil, nil]), ("0s", [0]), ("-1mx2", [-60_000, -60_000, -60_000]),
            ("-1m+15sx2", [-60_000, -45_000, -30_000]), ("_ -1m", [nil, -60_000]), ("1ms", [1]),
        ] as [(String, [Int64?])]
    )
    func itemsAreRead(items: String, offsets: [Int64?]) throws {
        #expect(try StartTimestamps(items: items).offsets == offsets)
    }

    @Test(arguments: ["badunit", "_x0", "_x-2", "-1m+15s", "1h30m", "-", "1x", "5"])
    func otherItemsAreRefused(items: String) {
        #expect(throws: ScriptError.self) { try StartTimestamps(items: items) }
    }
}
