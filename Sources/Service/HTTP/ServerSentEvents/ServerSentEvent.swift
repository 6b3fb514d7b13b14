package import NIOCore

/// The text of Server-Sent Events (HTML Living Standard, 9.2).
package enum ServerSentEvent {
    /// One event.
    ///
    /// - Precondition: neither the identifier nor the name nor the data has a line break; JSON has none.
    package static func text(id: String?, event: String, data: ByteBufferView) -> ByteBuffer {
        var text = ByteBuffer()
        text.reserveCapacity(data.count + 80)
        if let id { text.writeString("id: \(id)\n") }
        text.writeString("event: \(event)\ndata: ")
        text.writeBytes(data)
        text.writeString("\n\n")
        return text
    }

    /// How long a client waits before it connects anew, in milliseconds.
    package static func retry(milliseconds: Int) -> ByteBuffer { ByteBuffer(string: "retry: \(milliseconds)\n\n") }

    /// A comment, and perhaps the position up to which there was nothing for the client.
    package static func comment(_ words: String, id: String? = nil) -> ByteBuffer {
        ByteBuffer(string: ": \(words)\n" + (id.map { "id: \($0)\n" } ?? "") + "\n")
    }
}
