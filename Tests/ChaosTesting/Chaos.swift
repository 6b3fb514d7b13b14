import Foundation

/// How long the seeded tests run.
///
/// As always: their own seeds and rounds, the same in each run. With `KASKMAN_CHAOS` set, as `make chaos` does: those
/// and many more, which differ from run to run. The seed that they follow from is printed, and `KASKMAN_CHAOS_SEED` with
/// it gives the same run again.
public enum Chaos {
    /// Whether the long form is asked for.
    public static let isLong = ProcessInfo.processInfo.environment["KASKMAN_CHAOS"] != nil

    /// What the further seeds of a long run begin at.
    private static let first: UInt64 = {
        let text = ProcessInfo.processInfo.environment["KASKMAN_CHAOS_SEED"] ?? ""
        let first = UInt64(text) ?? UInt64.random(in: 1_000_000..<1_000_000_000_000)
        print("chaos: further seeds begin at \(first); KASKMAN_CHAOS_SEED=\(first) repeats them")
        return first
    }()

    /// The seeds that a test goes through; in the long form `factor` times as many, its usual ones first.
    public static func seeds(_ usual: ClosedRange<UInt64>, times factor: UInt64 = 10) -> [UInt64] {
        guard isLong else { return Array(usual) }
        let more = UInt64(usual.count) * (factor - 1)
        return Array(usual) + (0..<more).map { first &+ $0 }
    }

    /// How many rounds a test makes; in the long form `factor` times as many.
    public static func rounds(_ usual: Int, times factor: Int = 10) -> Int { isLong ? usual * factor : usual }
}
