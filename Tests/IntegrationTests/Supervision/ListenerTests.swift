import Foundation
import Testing

extension Integration {
    /// A port that is taken at run time: the system takes the listening socket away, and another process the port.
    ///
    /// No row of the matrix of faults, which asks the server's own API what it sees: here nobody can be served. The alert
    /// arrives all the same, since the way from the registry to the webhook needs no listener.
    @Suite("The listener", .serialized)
    struct ListenerTests {
        @Test(
            "The listening socket is destroyed and the port taken: an alert arrives, and it serves when the port is free"
        )
        func portIsTaken() async throws {
            let folder = try TemporaryFolder()
            let receiver = try await WebhookReceiver()
            try ShortenedRules.write(to: folder)
            try folder.write(
                """
                route: {receiver: first, group_by: ["..."], group_wait: 200ms, group_interval: 1s}
                receivers: [{name: first, webhook_configs: [{url: "\(receiver.url)"}]}]
                """,
                to: "notifications.yml"
            )
            let settings = [
                "notifications.file": folder.path + "/notifications.yml",
                "sampler.interval": ShortenedRules.samplingInterval,
                "rules.evaluation_interval": ShortenedRules.evaluationInterval,
            ]
            try await Server.run(in: folder, settings) { server in
                guard let squatter = try await Self.takePort(of: server, folder) else { return }
                let restarting = ["alertname": "ComponentRestarting", "component": "http"]
                try await eventually("ComponentRestarting is told") { receiver.has("firing", restarting) }
                #expect(server.child.isRunning)
                let log = server.child.log
                #expect(log.contains("the listening socket failed") && log.contains("is in use"), "\(log)")
                squatter.signal(SIGKILL)
                _ = try await squatter.exit()
                try await eventually("it serves again", within: .seconds(60)) {
                    try await server.get("/api/v1/health").status == 200
                }
                try await eventually("ComponentRestarting is resolved", within: .seconds(60)) {
                    receiver.has("resolved", restarting)
                }
                let restarts = try await server.prometheus.value(#"kaskman_component_restarts_total{component="http"}"#)
                print("port taken at run time: http was restarted \(Int(restarts ?? 0)) times and serves again")
                #expect(restarts ?? 0 >= 2)
            }
            try await receiver.stop()
        }

        /// Destroys the listening socket through the kernel's socket diagnosis and listens in its place.
        ///
        /// Nil, said as a warning, where the kernel or the container refuses it.
        private static func takePort(of server: Server, _ folder: TemporaryFolder) async throws -> ChildProcess? {
            let child = try ChildProcess(
                "/usr/bin/env",
                ["python3", "-c", script, "\(server.port)"],
                directory: folder.path,
                logPath: folder.path + "/squatter.log"
            )
            try await eventually("the port is taken") { child.log.contains("listening") || !child.isRunning }
            if child.log.contains("listening") { return child }
            Issue.record("not run: destroying a socket is refused: \(child.log.suffix(80))", severity: .warning)
            return nil
        }

        /// SOCK_DESTROY of NETLINK_SOCK_DIAG: what `ss --kill` sends.
        private static let script = """
            import signal, socket, struct, sys
            port = int(sys.argv[1])
            diagnosis = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)
            diagnosis.bind((0, 0))
            identity = struct.pack("!HH", port, 0) + socket.inet_aton("127.0.0.1") + bytes(28) + bytes(4) + b"\\xff" * 8
            request = struct.pack("=BBBBI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 1 << 10) + identity
            diagnosis.send(struct.pack("=IHHII", 16 + len(request), 21, 5, 1, 0) + request)
            code = struct.unpack("=i", diagnosis.recv(4096)[16:20])[0]
            if code:
                raise OSError(-code, "the socket was not destroyed")
            squatter = socket.socket()
            squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            squatter.bind(("127.0.0.1", port))
            squatter.listen()
            print("listening", flush=True)
            signal.pause()
            """
    }
}
