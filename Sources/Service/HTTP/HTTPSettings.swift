/// The limits of the HTTP server; each has a name that ends in what it limits.
package struct HTTPSettings: Sendable {
    /// Address or host name to listen on.
    package var host = "127.0.0.1"
    /// TCP port; 0 lets the system choose.
    package var port = 8080
    /// Connections that the system keeps until they are accepted.
    package var backlog = 1024

    /// Open connections; one more is answered 503 and closed.
    package var connectionsMax = 4096
    /// Open connections of one peer address, for IPv6 of its /64; one more is answered 503 and closed.
    ///
    /// The addresses of ``trustedProxies`` have no such limit.
    package var connectionsPerAddressMax = 1024
    /// Bytes of one header field, and of the request's target.
    package var headerFieldBytesMax = 16 * 1024
    /// Bytes of all header fields and the target together.
    package var headerListBytesMax = 64 * 1024
    /// Number of header fields.
    package var headerFieldsMax = 100
    /// Bytes of a request's target; a longer one is answered 414.
    package var targetBytesMax = 8 * 1024
    /// Bytes of a request's body where the route says nothing else.
    package var bodyBytesMax = 1 << 20
    /// Bytes of an unread body that are read and dropped to keep a connection open.
    package var discardedBytesMax = 64 * 1024

    /// From a connection's beginning to its first byte.
    package var firstByteTimeout: Duration = .seconds(10)
    /// From the first byte of a request to the end of its header.
    package var headTimeout: Duration = .seconds(10)
    /// From the end of the header to the end of the body.
    package var bodyTimeout: Duration = .seconds(30)
    /// From the end of a request to its answer; then 503.
    package var handlerTimeout: Duration = .seconds(60)
    /// Between an answer and the first byte of the next request, and for the client to take an answer.
    package var idleTimeout: Duration = .seconds(60)
    /// How long input is read and dropped after an answer that ends a connection, so that the client can read it.
    package var lingerTimeout: Duration = .seconds(1)
    /// How long a drain waits for requests in flight before it closes their connections.
    package var drainTimeout: Duration = .seconds(20)
    /// How long an idle connection stays open in a drain, for a request that is on its way.
    package var drainIdleGrace: Duration = .milliseconds(250)
    /// How long a request that was sent in part may take in a drain until the rest is there; then 408.
    package var drainReadGrace: Duration = .seconds(2)

    /// Peers that may name the client in `X-Forwarded-For`.
    package var trustedProxies: [AddressRange] = []

    package init() {}
}
