// The bytes of a chunk: the encoding that Prometheus calls XOR (number 1), so that blocks on disk hold the same bytes.
//
//     ┌────────────────────┬────────┬─────────┬─────────┬───────────┬───┬───────────┬───────────┐
//     │ number of samples  │ t0     │ v0      │ t1 - t0 │ v1 change │ … │ tn change │ vn change │
//     │ 2 bytes big-endian │ varint │ 8 bytes │ uvarint │ bits      │   │ bits      │ bits      │
//     └────────────────────┴────────┴─────────┴─────────┴───────────┴───┴───────────┴───────────┘
//
// varint is the zigzag form of the LEB128 number uvarint (as in protobuf and Go's encoding/binary). Bits follow each
// other without padding, the most significant first; the last byte is filled with zeros.
//
// A timestamp from the third on is the change of the difference, d = (tn - tn-1) - (tn-1 - tn-2), with wrapping
// arithmetic:
//
//     0                    d = 0
//     10   + 14 bits       -8191   <= d <= 8192     (two's complement, except that 2^13 stands for +8192)
//     110  + 17 bits       -65535  <= d <= 65536    (likewise)
//     1110 + 20 bits       -524287 <= d <= 524288   (likewise)
//     1111 + 64 bits       any other
//
// A value from the second on is x = bits(vn) XOR bits(vn-1):
//
//     0                                             x = 0
//     10 + the window's bits                        x fits in the window of the last value that set one
//     11 + leading (5 bits) + size (6 bits) + size bits
//                                                   a new window: leading zeros (at most 31), size (64 is written
//                                                   as 0) of what follows: x without its trailing zeros
//
// Values are kept bit by bit: NaN payloads, and so stale markers, survive.
// Source: Pelkonen et al., "Gorilla: A Fast, Scalable, In-Memory Time Series Database", 2015, with the changes above.

/// Compresses samples into the bytes of one chunk, which are complete after every sample.
///
/// Threading: a value type for one owner.
public struct XORChunkEncoder: Sendable {
    /// The most samples that the header can count.
    public static let samplesMax = 65_535

    /// The chunk so far; empty before the first sample.
    public private(set) var bytes: [UInt8] = []
    /// The number of samples.
    public private(set) var count = 0
    /// The time of the newest sample; zero before the first.
    public private(set) var lastTimestamp: Int64 = 0
    /// The bits of the newest value; zero before the first.
    public private(set) var lastBits: UInt64 = 0

    private var delta: Int64 = 0
    /// The window: leading and trailing zeros; more than 64 until a value has set one.
    private var leading: UInt8 = 255
    private var trailing: UInt8 = 0
    /// The bits still free in the last byte.
    private var freeBits: UInt8 = 0

    /// Makes an encoder of an empty chunk.
    public init() {}

    /// Adds a sample.
    ///
    /// Any order and any values are encoded; keeping time in order is the store's business. A chunk takes
    /// ``samplesMax`` samples.
    public mutating func append(timestamp: Int64, value: Double) {
        precondition(count < Self.samplesMax, "BUG: a full chunk")
        let bits = value.bitPattern
        switch count {
        case 0:
            bytes.reserveCapacity(64)
            bytes.append(0)
            bytes.append(0)
            appendVarint(UInt64(bitPattern: timestamp &<< 1) ^ UInt64(bitPattern: timestamp &>> 63))
            write(bits, 64)
        case 1:
            delta = timestamp &- lastTimestamp
            appendVarint(UInt64(bitPattern: delta))
            writeChange(of: bits)
        default:
            let newDelta = timestamp &- lastTimestamp
            writeTimeChange(newDelta &- delta)
            delta = newDelta
            writeChange(of: bits)
        }
        lastTimestamp = timestamp
        lastBits = bits
        count += 1
        bytes[0] = UInt8(truncatingIfNeeded: count >> 8)
        bytes[1] = UInt8(truncatingIfNeeded: count)
    }

    private mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    private mutating func writeTimeChange(_ change: Int64) {
        switch change {
        case 0: write(0, 1)
        case -8191...8192: write(0b10 << 14 | UInt64(bitPattern: change) & 0x3fff, 16)
        case -65_535...65_536: write(0b110 << 17 | UInt64(bitPattern: change) & 0x1_ffff, 20)
        case -524_287...524_288: write(0b1110 << 20 | UInt64(bitPattern: change) & 0xf_ffff, 24)
        default:
            write(0b1111, 4)
            write(UInt64(bitPattern: change), 64)
        }
    }

    private mutating func writeChange(of bits: UInt64) {
        let change = bits ^ lastBits
        if change == 0 {
            write(0, 1)
            return
        }
        let newLeading = UInt8(min(31, change.leadingZeroBitCount))
        let newTrailing = UInt8(change.trailingZeroBitCount)
        if leading != 255 && newLeading >= leading && newTrailing >= trailing {
            write(0b10, 2)
            write(change >> UInt64(trailing), 64 - Int(leading) - Int(trailing))
        } else {
            leading = newLeading
            trailing = newTrailing
            let size = 64 - Int(leading) - Int(trailing)
            write(0b11 << 11 | UInt64(leading) << 6 | UInt64(size & 63), 13)
            write(change >> UInt64(trailing), size)
        }
    }

    /// Writes the lowest `count` bits (1 to 64) of `value`.
    private mutating func write(_ value: UInt64, _ count: Int) {
        var remaining = count
        if freeBits > 0 {
            let taken = min(Int(freeBits), remaining)
            remaining -= taken
            let part =
                UInt8(truncatingIfNeeded: value &>> UInt64(remaining)) & UInt8(truncatingIfNeeded: (1 &<< taken) &- 1)
            bytes[bytes.count - 1] |= part &<< UInt8(Int(freeBits) - taken)
            freeBits -= UInt8(taken)
        }
        while remaining >= 8 {
            remaining -= 8
            bytes.append(UInt8(truncatingIfNeeded: value &>> UInt64(remaining)))
        }
        if remaining > 0 {
            bytes.append(UInt8(truncatingIfNeeded: value) &<< UInt8(8 - remaining))
            freeBits = UInt8(8 - remaining)
        }
    }
}
