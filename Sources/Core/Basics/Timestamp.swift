/// A point in wall-clock time, in milliseconds since 1970-01-01T00:00:00Z (the resolution of Prometheus samples).
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Milliseconds since the Unix epoch; negative before it.
    public var milliseconds: Int64

    /// Makes a point in time from milliseconds since the Unix epoch.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Makes a point in time from seconds since the Unix epoch; values out of range are clamped.
    public init(seconds: Double) {
        let scaled = (seconds * 1000).rounded()
        if scaled >= 9.2e18 {
            milliseconds = .max
        } else if scaled <= -9.2e18 {
            milliseconds = .min
        } else {
            milliseconds = scaled.isNaN ? 0 : Int64(scaled)
        }
    }

    /// Seconds since the Unix epoch.
    public var seconds: Double { Double(milliseconds) / 1000 }

    /// Whether the left time is earlier.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// The time that lies `duration` later; saturates at the ends of the range.
    public func advanced(by duration: Duration) -> Timestamp {
        let (sum, overflow) = milliseconds.addingReportingOverflow(duration.wholeMilliseconds)
        return Timestamp(milliseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// The time that has passed since `earlier`; negative when `earlier` is later; saturates at what 64 bits of
    /// milliseconds hold.
    public func since(_ earlier: Timestamp) -> Duration {
        let (difference, overflow) = milliseconds.subtractingReportingOverflow(earlier.milliseconds)
        return .milliseconds(overflow ? (earlier < self ? .max : .min) : difference)
    }
}

extension Duration {
    /// The duration in milliseconds, rounded towards zero; saturates.
    public var wholeMilliseconds: Int64 {
        // Compared first: `components` traps when its seconds do not fit.
        if self >= .milliseconds(Int64.max) { return .max }
        if self <= .milliseconds(Int64.min) { return .min }
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    /// The duration in seconds; saturates at what 64 bits of seconds hold.
    public var inSeconds: Double {
        let (seconds, attoseconds) = min(max(self, .seconds(Int64.min)), .seconds(Int64.max)).components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
