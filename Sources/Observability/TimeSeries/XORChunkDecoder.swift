/// Why the bytes of a chunk are no chunk.
public enum ChunkError: Error, Hashable, Sendable {
    /// The bytes end before the samples that the header counts.
    case truncated
    /// A variable-length number is longer than 64 bits.
    case oversizedNumber
    /// A value's window has more than 64 bits.
    case invalidWindow
}

/// Reads the bytes that ``XORChunkEncoder`` writes; the format is described there.
///
/// Damaged bytes give an error or other samples, never a crash: a checksum is the business of whoever stores chunks.
public enum XORChunkDecoder {
    /// The number of samples that a chunk's header counts; zero for an empty chunk.
    public static func sampleCount(of bytes: [UInt8]) -> Int {
        bytes.count < 2 ? 0 : Int(bytes[0]) << 8 | Int(bytes[1])
    }

    /// Appends the samples within a closed range of time, in milliseconds, to two columns.
    ///
    /// Reading stops behind the first sample that is later than `end`. After an error the columns hold the samples
    /// before it. Complexity: linear in the samples up to `end`.
    public static func decode(
        _ bytes: [UInt8],
        from start: Int64 = .min,
        through end: Int64 = .max,
        into timestamps: inout [Int64],
        _ values: inout [Double]
    ) throws(ChunkError) {
        let count = sampleCount(of: bytes)
        guard count > 0 else { return }
        // Every sample but the first takes two bits or more, so a forged header cannot make the columns reserve much.
        let reserved = min(count, bytes.count * 4 + 1)
        var failure: ChunkError?
        timestamps.append(addingCapacity: reserved) { times in
            values.append(addingCapacity: reserved) { numbers in
                failure = read(bytes.span, count, from: start, through: end, into: &times, &numbers)
            }
        }
        if let failure { throw failure }
    }

    private static func read(
        _ bytes: Span<UInt8>,
        _ count: Int,
        from start: Int64,
        through end: Int64,
        into times: inout OutputSpan<Int64>,
        _ numbers: inout OutputSpan<Double>
    ) -> ChunkError? {
        var reader = BitReader(position: 16, end: bytes.count * 8)
        var delta: Int64 = 0
        guard let zigzag = reader.readVarint(bytes) else { return reader.isExhausted ? .truncated : .oversizedNumber }
        var time = Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1)
        var value = ValueReader()
        value.bits = reader.read(bytes, 64)
        var index = 1
        while true {
            if reader.isExhausted { return .truncated }
            if time > end { return nil }
            if time >= start {
                times.append(time)
                numbers.append(Double(bitPattern: value.bits))
            }
            if index == count { return nil }
            if index == 1 {
                guard let first = reader.readVarint(bytes) else {
                    return reader.isExhausted ? .truncated : .oversizedNumber
                }
                delta = Int64(bitPattern: first)
            } else {
                delta &+= reader.readTimeChange(bytes)
            }
            time &+= delta
            guard value.readChange(bytes, &reader) else { return .invalidWindow }
            index &+= 1
        }
    }
}

/// The value column's state while a chunk is read.
private struct ValueReader {
    var bits: UInt64 = 0
    private var size = 64
    private var trailing: UInt64 = 0

    /// Reads a change; false when its window is impossible.
    @inline(__always)
    mutating func readChange(_ bytes: Span<UInt8>, _ reader: inout BitReader) -> Bool {
        let header = reader.peek(bytes)
        if header &>> 63 == 0 {
            reader.skip(1)
            return true
        }
        if header &>> 62 == 0b11 {
            let leading = Int(truncatingIfNeeded: (header &>> 57) & 31)
            let written = Int(truncatingIfNeeded: (header &>> 51) & 63)
            size = written == 0 ? 64 : written
            guard leading &+ size <= 64 else { return false }
            trailing = UInt64(truncatingIfNeeded: 64 &- leading &- size)
            reader.skip(13)
        } else {
            reader.skip(2)
        }
        bits ^= reader.read(bytes, size) &<< trailing
        return true
    }
}

/// Reads bits from a span, the most significant first; reading beyond the end gives zeros and is remembered.
struct BitReader {
    /// The next bit.
    var position: Int
    /// The number of bits.
    let end: Int
    /// Whether something was read that is not there.
    private(set) var isExhausted = false

    init(position: Int, end: Int) {
        self.position = position
        self.end = end
    }

    /// At least the next 57 bits, from the top of the word; zeros stand for what lies behind the end.
    @inline(__always)
    func peek(_ bytes: Span<UInt8>) -> UInt64 {
        let byte = position &>> 3
        guard byte &+ 8 <= bytes.count else { return Self.peekSlowly(bytes, position, end) }
        // SAFETY: every bit pattern is a UInt64, and the span checks its bounds.
        let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: byte, as: UInt64.self).bigEndian
        return word &<< UInt64(truncatingIfNeeded: position & 7)
    }

    @inline(never)
    private static func peekSlowly(_ bytes: Span<UInt8>, _ position: Int, _ end: Int) -> UInt64 {
        let count = min(57, end - position)
        return count > 0 ? readSlowly(bytes, position >> 3, position & 7, count) << UInt64(64 - count) : 0
    }

    /// Moves on by bits that have been peeked at.
    @inline(__always)
    mutating func skip(_ count: Int) {
        position &+= count
        if position > end { isExhausted = true }
    }

    /// Reads 1 to 64 bits.
    @inline(__always)
    mutating func read(_ bytes: Span<UInt8>, _ count: Int) -> UInt64 {
        guard count <= end &- position else {
            isExhausted = true
            return 0
        }
        let byte = position &>> 3
        let offset = position & 7
        position &+= count
        guard byte &+ 8 < bytes.count else { return Self.readSlowly(bytes, byte, offset, count) }
        // SAFETY: every bit pattern is a UInt64, and the span checks its bounds.
        let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: byte, as: UInt64.self).bigEndian
        var result = (word &<< UInt64(offset)) &>> UInt64(64 &- count)
        if offset &+ count > 64 { result |= UInt64(bytes[byte &+ 8]) &>> UInt64(72 &- offset &- count) }
        return result
    }

    /// The same near the end of the span.
    @inline(never)
    private static func readSlowly(_ bytes: Span<UInt8>, _ first: Int, _ offset: Int, _ count: Int) -> UInt64 {
        var result: UInt64 = 0
        var remaining = count
        var byte = first
        var used = offset
        while remaining > 0 {
            let taken = min(8 - used, remaining)
            let part = (UInt64(bytes[byte]) >> UInt64(8 - used - taken)) & ((1 << UInt64(taken)) - 1)
            result = result << UInt64(taken) | part
            remaining -= taken
            byte += 1
            used = 0
        }
        return result
    }

    /// Reads a LEB128 number; nil when it is not there or has more than 64 bits.
    mutating func readVarint(_ bytes: Span<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = read(bytes, 8)
            if isExhausted || (shift == 63 && byte > 1) { return nil }
            value |= (byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }

    /// Reads how much the difference between timestamps changes.
    @inline(__always)
    mutating func readTimeChange(_ bytes: Span<UInt8>) -> Int64 {
        let word = peek(bytes)
        switch (~word).leadingZeroBitCount {
        case 0:
            skip(1)
            return 0
        case 1:
            skip(16)
            return Self.signed((word &>> 48) & 0x3fff, bits: 14)
        case 2:
            skip(20)
            return Self.signed((word &>> 44) & 0x1_ffff, bits: 17)
        case 3:
            skip(24)
            return Self.signed((word &>> 40) & 0xf_ffff, bits: 20)
        default:
            skip(4)
            return Int64(bitPattern: read(bytes, 64))
        }
    }

    @inline(__always)
    private static func signed(_ value: UInt64, bits: UInt64) -> Int64 {
        let number = Int64(bitPattern: value)
        return value > 1 &<< (bits &- 1) ? number &- (1 &<< Int64(truncatingIfNeeded: bits)) : number
    }
}
