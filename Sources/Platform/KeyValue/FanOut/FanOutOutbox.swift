/// What is still to be published: the newest message of each channel, one of them under way at a time.
///
/// Pure. A flood of messages costs one that is under way and one that waits, a channel.
struct FanOutOutbox: Sendable {
    private var waiting: [FanOutChannel: [UInt8]] = [:]
    private var order: [FanOutChannel] = []

    /// Takes a message, in place of one of the same channel that waits; true when nothing waited at all.
    mutating func put(_ channel: FanOutChannel, _ payload: [UInt8]) -> Bool {
        let wasEmpty = order.isEmpty
        if waiting.updateValue(payload, forKey: channel) == nil { order.append(channel) }
        return wasEmpty
    }

    /// The message that is to be sent next, which waits no longer.
    mutating func take() -> (channel: FanOutChannel, payload: [UInt8])? {
        guard let channel = order.first, let payload = waiting.removeValue(forKey: channel) else { return nil }
        order.removeFirst()
        return (channel, payload)
    }

    /// Puts a message back that could not be sent; a newer one of its channel stands for it.
    mutating func putBack(_ channel: FanOutChannel, _ payload: [UInt8]) {
        guard waiting[channel] == nil else { return }
        waiting[channel] = payload
        order.insert(channel, at: 0)
    }
}
