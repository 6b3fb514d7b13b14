import Foundation

/// The shipped rules with every duration divided by one factor.
enum ShortenedRules {
    /// 5 minutes become 15 seconds.
    static let factor = 20
    /// The shipped evaluation interval of 15 s, shortened.
    static let evaluationInterval = "750ms"
    /// The shipped sampling interval of 5 s, shortened less: a rate needs a few samples in its range.
    static let samplingInterval = "500ms"

    /// The alerts that say no more than that the machine is too slow for an interval, which is a twentieth of the shipped one here,
    /// in a build that is not optimised, on processors that other rows share.
    static let ofHaste: Set<String> = ["RuleGroupLate", "SamplerMissing"]

    /// Divides what stands in `for:`, `keep_firing_for:`, `interval:` and range selectors, and the seconds ahead of a
    /// prediction (`* 3600`); nothing else is changed.
    static func shorten(_ text: String) -> String {
        text.replacing(/(?<key>for: |interval: |\[)(?<number>[0-9]+)(?<unit>[smhd])/) { match in
            let unit = [Substring("s"): 1, "m": 60, "h": 3600, "d": 86_400][match.unit] ?? 1
            let milliseconds = (Int(match.number) ?? 0) * unit * 1000 / factor
            return "\(match.key)\(milliseconds)ms"
        }
        .replacing("* 3600)", with: "* 3600 / \(factor))")
    }

    /// Writes the shortened copies of all shipped rule files into `rules` of a folder.
    static func write(to folder: TemporaryFolder) throws {
        for file in try Repository.files(in: "alerts", suffix: ".yml") {
            try folder.write(shorten(try Repository.text("alerts/" + file)), to: "rules/" + file)
        }
    }
}
