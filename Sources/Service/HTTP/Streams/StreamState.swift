import NIOCore

/// What the shell of a stream is to do.
enum StreamAction: Equatable {
    /// Send something of the protocol's own, behind what waits.
    case write(ByteBuffer)
    /// Hand a text to the driver.
    case deliver(ByteBuffer)
    /// Send what the driver has for each heartbeat.
    case heartbeat
    /// The stream ends for this reason: take no more from the driver.
    case ending(StreamEnd)
    /// Close the connection once what waits is out.
    case finish
    /// Close the connection at once.
    case abort
}

/// The life of one open stream as decisions; time is handed in.
///
/// The owner does what the actions say, in their order, and calls ``timeout(now:isBlocked:)`` when ``deadline`` has
/// passed.
protocol StreamState: Sendable {
    var deadline: NIODeadline { get }

    /// Bytes have arrived.
    mutating func received(_ bytes: ByteBuffer, now: NIODeadline) -> [StreamAction]

    /// The client reads again, after it could be sent nothing.
    mutating func progressed(now: NIODeadline)

    /// The deadline may have passed; `isBlocked`: whether the client takes nothing at present.
    mutating func timeout(now: NIODeadline, isBlocked: Bool) -> [StreamAction]

    /// The server ends the stream.
    mutating func close(_ end: StreamEnd, _ code: CloseCode, _ reason: String, now: NIODeadline) -> [StreamAction]

    /// Frames as they go on the wire together.
    func wire(_ frames: [ByteBuffer]) -> [ByteBuffer]

    /// What stands at the very end.
    var trailer: ByteBuffer? { get }
}
