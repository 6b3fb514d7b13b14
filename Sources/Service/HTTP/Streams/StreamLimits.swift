package import NIOCore

/// The limits of one open stream.
package struct StreamLimits: Sendable {
    /// Bytes of one frame that a client sends.
    package var frameBytesMax = 64 << 10
    /// Bytes of one message that a client sends, also when inflated.
    package var messageBytesMax = 64 << 10
    /// Messages and pings that a client may send in a second; twice as many at once.
    package var messagesPerSecondMax = 50
    /// Bytes that wait for one client; from there on it is given no more until it has read.
    package var queueBytesMax = 1 << 20
    /// How often a client is pinged, or a comment sent.
    package var heartbeatInterval = TimeAmount.seconds(30)
    /// How long after a ping something must be heard, and how long a client may read nothing.
    package var silenceTimeout = TimeAmount.seconds(30)
    /// How long the client has to answer a close frame.
    package var closeTimeout = TimeAmount.seconds(1)

    package init() {}
}
