internal import Foundation

/// What the clocks of a place show: how far they are ahead of UTC, at any time.
package protocol ZoneRules: Sendable {
    /// Seconds that the clocks are ahead of UTC at a time in seconds since the Unix epoch; negative west of it, and at most 16
    /// hours either way.
    func offsetSeconds(at instant: Int64) -> Int64
}

/// A time zone of the IANA database, as Foundation knows it.
package struct IANAZone: ZoneRules, Hashable {
    /// How long a name may be, in bytes.
    package static let nameLengthMax = 64

    private let zone: TimeZone

    /// The zone of a name such as `Europe/Berlin` or `UTC`; nil when there is none.
    ///
    /// Distances such as `GMT+2`, and abbreviations that Foundation guesses a place for, are no names of zones.
    package init?(_ name: String) {
        let isPlain = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || "/_-+".utf8.contains(byte)
        }
        guard isPlain, (1...Self.nameLengthMax).contains(name.utf8.count), !name.hasPrefix("GMT+"),
            !name.hasPrefix("GMT-"), let zone = TimeZone(identifier: name)
        else { return nil }
        // Foundation calls UTC by its older name.
        guard zone.identifier == name || name == "UTC" || name == "Etc/UTC" else { return nil }
        self.zone = zone
    }

    package func offsetSeconds(at instant: Int64) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(instant))))
    }
}

/// One day of a place's calendar, as the stretches of time between changes of its clocks.
struct LocalDay {
    /// A stretch of time in which the clocks are always as far ahead of UTC, in seconds since the Unix epoch.
    struct Stretch {
        let start: Int64
        /// Where the next one begins.
        let end: Int64
        let offset: Int64
    }

    static let seconds: Int64 = 86_400
    /// No clocks are further from UTC than this, in seconds.
    private static let offsetMax: Int64 = 16 * 3600
    /// The time between two looks at the clocks; no place has changed them twice within so few hours.
    private static let probeSeconds: Int64 = 8 * 3600

    /// The day's number, from 1970-01-01 on.
    let number: Int64
    /// In order, without gaps; from before the day begins anywhere to after it ends everywhere.
    let stretches: [Stretch]

    init(_ number: Int64, in zone: any ZoneRules) {
        self.number = number
        let (start, end) = (number * Self.seconds - Self.offsetMax, (number + 1) * Self.seconds + Self.offsetMax)
        var stretches: [Stretch] = []
        var (begin, offset) = (start, zone.offsetSeconds(at: start))
        var last = start
        while last < end {
            let next = min(last + Self.probeSeconds, end)
            let after = zone.offsetSeconds(at: next)
            if after != offset {
                let change = Self.change(from: offset, between: last, and: next, in: zone)
                stretches.append(Stretch(start: begin, end: change, offset: offset))
                (begin, offset) = (change, after)
            }
            last = next
        }
        stretches.append(Stretch(start: begin, end: end, offset: offset))
        self.stretches = stretches
    }

    /// The first second at which the clocks are not as at `low` any more.
    private static func change(from offset: Int64, between low: Int64, and high: Int64, in zone: any ZoneRules) -> Int64
    {
        var (low, high) = (low, high)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if zone.offsetSeconds(at: middle) == offset { low = middle } else { high = middle }
        }
        return high
    }

    /// When the clocks first show a time of the day, in seconds from its beginning; the first moment after the gap when they
    /// never do.
    func instant(of second: Int64) -> Int64 {
        let local = number * Self.seconds + second
        for stretch in stretches where (stretch.start..<stretch.end).contains(local - stretch.offset) {
            return local - stretch.offset
        }
        for (before, after) in zip(stretches, stretches.dropFirst())
        where local - before.offset >= before.end && local - after.offset < after.start {
            return after.start
        }
        preconditionFailure("BUG: a day without \(second)")
    }
}
