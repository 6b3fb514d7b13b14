/// One event of a stream of Server-Sent Events.
package struct StreamedEvent: Hashable, Sendable {
    /// The last identifier that the stream had; nil before the first.
    package let id: String?
    package let name: String
    package let data: String
}

/// Cuts a stream of Server-Sent Events into events (HTML Living Standard, 9.2.6).
///
/// Pure. Lines end in LF, CR or both, and may come in any number of parts.
package struct EventStreamParser: Sendable {
    /// The longest line, and the most bytes of one event's data.
    package static let eventBytesMax = 1 << 20

    private var line: [UInt8] = []
    private var lastWasReturn = false
    private var name = ""
    private var data = ""
    private var hasData = false
    /// The identifier of the event that is being read; it counts once the event is whole.
    private var id: String?
    /// The identifier to resume from.
    package private(set) var lastID: String?
    /// How long the server asks to wait before connecting anew, in milliseconds.
    package private(set) var retryMilliseconds: Int?

    package init(lastID: String? = nil) {
        self.lastID = lastID
        id = lastID
    }

    /// The connection was lost: what had come of an event is forgotten, with its identifier.
    package mutating func reconnect() { self = EventStreamParser(lastID: lastID) }

    /// Takes more bytes; returns the events that they complete.
    /// - Throws: ``ClientError/tooLarge(bytesMax:)``.
    package mutating func take(_ bytes: some Sequence<UInt8>) throws(ClientError) -> [StreamedEvent] {
        var events: [StreamedEvent] = []
        for byte in bytes {
            let isLineFeed = byte == UInt8(ascii: "\n")
            if isLineFeed, lastWasReturn {
                lastWasReturn = false
                continue
            }
            lastWasReturn = byte == UInt8(ascii: "\r")
            guard isLineFeed || lastWasReturn else {
                line.append(byte)
                guard line.count <= Self.eventBytesMax else { throw .tooLarge(bytesMax: Self.eventBytesMax) }
                continue
            }
            if let event = endLine() { events.append(event) }
            guard data.utf8.count <= Self.eventBytesMax else { throw .tooLarge(bytesMax: Self.eventBytesMax) }
        }
        return events
    }

    private mutating func endLine() -> StreamedEvent? {
        defer { line = [] }
        guard !line.isEmpty else { return dispatch() }
        let colon = line.firstIndex(of: UInt8(ascii: ":"))
        let field = String(decoding: line[..<(colon ?? line.endIndex)], as: UTF8.self)
        var value = colon.map { line[($0 + 1)...] } ?? []
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        let text = String(decoding: value, as: UTF8.self)
        switch field {
        case "event": name = text
        case "data":
            data += hasData ? "\n" + text : text
            hasData = true
        case "id": if !text.utf8.contains(0) { id = text }
        case "retry": if text.utf8.allSatisfy({ (48...57).contains($0) }) { retryMilliseconds = Int(text) }
        default: break
        }
        return nil
    }

    private mutating func dispatch() -> StreamedEvent? {
        defer { (name, data, hasData) = ("", "", false) }
        lastID = id
        guard hasData else { return nil }
        return StreamedEvent(id: lastID, name: name.isEmpty ? "message" : name, data: data)
    }
}
