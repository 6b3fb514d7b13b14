import NIOCore
import NIOPosix

/// Listens on a port of 127.0.0.1 and says nothing.
struct Squatter {
    private let listener: any Channel

    /// - Parameter port: 0 lets the system choose.
    init(port: Int = 0) async throws {
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: port).get()
    }

    var port: Int { listener.localAddress?.port ?? 0 }

    func leave() async throws { try await listener.close() }
}

/// A port that nobody listens on.
enum FreePort {
    static func find() async throws -> Int {
        let squatter = try await Squatter()
        let port = squatter.port
        try await squatter.leave()
        return port
    }
}
