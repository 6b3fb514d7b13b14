import Synchronization

/// A time-ordered universally unique identifier (RFC 9562, version 7).
public struct UUIDv7: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The 16 bytes in network order, as two halves.
    public let high: UInt64
    /// The lower half, with the variant bits.
    public let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads the 36-character form in either case; nil unless version and variant are those of UUIDv7.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for (index, byte) in bytes.enumerated() {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            if digits < 16 {
                halves.0 = halves.0 << 4 | UInt64(digit)
            } else {
                halves.1 = halves.1 << 4 | UInt64(digit)
            }
            digits += 1
        }
        guard halves.0 >> 12 & 0xf == 7, halves.1 >> 62 == 0b10 else { return nil }
        self.init(high: halves.0, low: halves.1)
    }

    /// When the identifier was made.
    public var timestamp: Timestamp { Timestamp(milliseconds: Int64(high >> 16)) }

    /// Orders as unsigned 128-bit numbers, and so by the millisecond in which the identifiers were made.
    public static func < (left: UUIDv7, right: UUIDv7) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    /// The lower-case 36-character form.
    public var description: String {
        let hex = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for nibble in 0..<32 {
            if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 { text.append(UInt8(ascii: "-")) }
            let half = nibble < 16 ? high : low
            text.append(hex[Int(half >> UInt64(60 - nibble % 16 * 4) & 0xf)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Makes identifiers that increase strictly, also within a millisecond and when the clock steps back.
///
/// Concurrency: may be shared; each call takes a short lock.
public final class UUIDv7Generator: Sendable {
    private struct State {
        var lastMilliseconds: Int64 = 0
        var counter: UInt64 = 0
        var random: any RandomNumberGenerator & Sendable
    }

    private let clock: any WallClock
    private let state: Mutex<State>

    /// Makes a generator; `random` fills the bits that time and order leave free.
    public init(clock: any WallClock, random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()) {
        self.clock = clock
        state = Mutex(State(random: random))
    }

    /// The next identifier; greater than all before it.
    public func next() -> UUIDv7 {
        let now = clock.now.milliseconds
        return state.withLock { state in
            // RFC 9562, 6.2, method 1: a 12-bit counter in rand_a; when it overflows the time runs ahead.
            if now > state.lastMilliseconds {
                state.lastMilliseconds = now
                state.counter = state.random.next() & 0x7ff
            } else {
                state.counter += 1
                if state.counter > 0xfff {
                    state.lastMilliseconds += 1
                    state.counter = 0
                }
            }
            let high = UInt64(bitPattern: state.lastMilliseconds) << 16 | 0x7000 | state.counter
            let low = 0b10 << 62 | state.random.next() >> 2
            return UUIDv7(high: high, low: low)
        }
    }
}
