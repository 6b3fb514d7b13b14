import HTTPTypes
import NIOCore

/// What takes a connection over, once the head of an answer is out: nothing of HTTP is spoken on it any more.
package struct ConnectionTakeover: Sendable {
    /// Makes the handler that gets the connection's bytes; called on its event loop.
    let makeHandler: @Sendable (any EventLoop) -> any ChannelHandler
}

extension RouteResponse {
    /// Grants a WebSocket.
    package static func webSocket(
        _ handshake: WebSocketHandshake,
        driver: any StreamDriver,
        limits: StreamLimits,
        instruments: StreamEndpointInstruments,
        permit: StreamPermit
    ) -> RouteResponse {
        var response = RouteResponse(status: .switchingProtocols, headers: handshake.fields)
        response.takeover = ConnectionTakeover { loop in
            StreamHandler(
                state: WebSocketState(limits, deflate: handshake.deflate, now: loop.now),
                stream: OutgoingStream(
                    deflateBits: handshake.deflate?.windowBits,
                    queueBytesMax: limits.queueBytesMax,
                    eventLoop: loop
                ),
                driver: driver,
                instruments: instruments,
                permit: permit
            )
        }
        return response
    }

    /// Answers with Server-Sent Events, for as long as both sides like.
    package static func eventStream(
        driver: any StreamDriver,
        limits: StreamLimits,
        instruments: StreamEndpointInstruments,
        permit: StreamPermit
    ) -> RouteResponse {
        // A proxy that buffers would keep the events to itself.
        var response = RouteResponse(headers: [.contentType: MediaType.eventStream.rawValue, .cacheControl: "no-store"])
        if let buffering = HTTPField.Name("X-Accel-Buffering") { response.headers[buffering] = "no" }
        response.takeover = ConnectionTakeover { loop in
            StreamHandler(
                state: EventStreamState(limits, now: loop.now),
                stream: OutgoingStream(
                    deflateBits: nil,
                    queueBytesMax: limits.queueBytesMax,
                    eventLoop: loop
                ),
                driver: driver,
                instruments: instruments,
                permit: permit
            )
        }
        return response
    }
}
