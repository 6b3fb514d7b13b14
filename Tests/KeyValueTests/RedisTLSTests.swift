import Basics
import Foundation
import Instruments
import KeyValue
import NIOCore
import NIOPosix
import RedisTesting
import Testing

private let openssl = "/usr/bin/openssl"

@Suite(
    .enabled(if: RedisServer.isInstalled && FileManager.default.isExecutableFile(atPath: openssl)),
    .timeLimit(.minutes(10))
)
struct RedisTLSTests {
    @Test("Over TLS: a certificate that is trusted serves, any other one does not, nor one of another name")
    func certificates() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (certificate, key) = (folder + "/cert.pem", folder + "/key.pem")
        try makeCertificate(certificate, key)
        let port = try await freePort()
        let arguments = [
            "--tls-port", String(port), "--tls-cert-file", certificate, "--tls-key-file", key,
            "--tls-auth-clients", "no", "--requirepass", "open sesame",
        ]
        try await withRedisServer(arguments: arguments) { server in
            func endpoint(_ host: String) -> RedisEndpoint {
                var endpoint = RedisEndpoint(.host(host, port: port, isEncrypted: true))
                endpoint.password = "open sesame"
                return endpoint
            }
            try await withRedisClient(
                server,
                configure: {
                    $0.endpoint = endpoint("localhost")
                    $0.trustedCertificates = certificate
                }
            ) { client, news in
                try await expectReply(client, RedisCommand("PING"), .status("PONG"))
                server.freeze()
                #expect(await failure(of: client, RedisCommand("PING"))?.code == .timeout)
                #expect(await news.untilDown()?.code == .timeout, "although a frozen peer does not end TLS")
                server.thaw()
                await news.untilUp()
            }
            let untrusted: [(host: String, trusted: String?)] = [("localhost", nil), ("127.0.0.1", certificate)]
            for (host, trusted) in untrusted {
                try await withRedisClient(
                    server,
                    isUp: false,
                    configure: {
                        $0.endpoint = endpoint(host)
                        $0.trustedCertificates = trusted
                    }
                ) { client, news in
                    let error = await news.untilDown()
                    #expect(error?.code == .connectionLost, "\(host): \(String(describing: error))")
                    #expect(!client.isReady)
                }
            }
        }
    }

    @Test("A file of certificates that is none is told when the client is made")
    func noCertificates() throws {
        var settings = RedisClient.Settings(endpoint: RedisEndpoint(.host("h", port: 1, isEncrypted: true)))
        settings.trustedCertificates = "/nowhere/ca.pem"
        #expect(throws: RedisError.self) {
            try RedisClient(settings, clock: SystemClock(), metrics: RedisMetrics(Registry()), seed: 1)
        }
    }

    /// A certificate for `localhost` that vouches for itself.
    private func makeCertificate(_ certificate: String, _ key: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: openssl)
        process.arguments = [
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate,
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    /// A port that nobody listens on.
    private func freePort() async throws -> Int {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        defer { listener.close(promise: nil) }
        return try #require(listener.localAddress?.port)
    }
}
