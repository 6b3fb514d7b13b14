import NIOCore

/// What waits to be written to one client: bounded, in order.
///
/// Pure. There is room while less than the bound waits, so that one frame more than the bound may be in it; what the
/// protocol itself has to say (pongs, close frames) is taken up to twice the bound.
struct OutboundQueue {
    private let bytesMax: Int
    private var frames: [ByteBuffer] = []
    private(set) var bytes = 0
    private var isScheduled = false
    private var isEnded = false
    /// Whether somebody was told that there is no room.
    private var wasRefused = false

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// Whether more may be pushed; who is told no is woken when there is.
    mutating func hasRoom() -> Bool {
        guard !isEnded else { return false }
        if bytes < bytesMax { return true }
        wasRefused = true
        return false
    }

    /// Takes a frame; returns whether a flush has to be scheduled, nil when the frame was not taken.
    mutating func push(_ frame: ByteBuffer, isControl: Bool = false) -> Bool? {
        guard !isEnded, isControl ? bytes < 2 * bytesMax : hasRoom() else { return nil }
        frames.append(frame)
        bytes += frame.readableBytes
        defer { isScheduled = true }
        return !isScheduled
    }

    /// Takes out everything that waits; `wakes`: whether somebody waits for room.
    mutating func take() -> (frames: [ByteBuffer], wakes: Bool) {
        defer {
            frames = []
            bytes = 0
            wasRefused = false
        }
        isScheduled = false
        return (frames, wasRefused && !isEnded)
    }

    /// The flush found the client busy reading what it was sent before: what waits stays.
    mutating func postpone() { isScheduled = false }

    /// Takes nothing from here on.
    mutating func end() { isEnded = true }
}
