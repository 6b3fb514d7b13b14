import Basics
import Database
import DatabaseTesting
import Foundation
import Instruments
import Testing

private let openssl = "/usr/bin/openssl"

@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: openssl)), .timeLimit(.minutes(5)))
struct PostgreSQLTLSTests {
    @Test("sslmode=verify-full: a server that proves its name serves, one of another name or of nobody does not")
    func verifyFull() async throws {
        try await withTemporaryDirectory { folder in
            let (certificate, key, stranger) = (folder + "/cert.pem", folder + "/key.pem", folder + "/stranger.pem")
            try await makeCertificate(stranger, folder + "/stranger.key")
            try await makeCertificate(certificate, key)
            // The programs of the server run as another user where the tests run as root.
            if geteuid() == 0, let user = getpwnam("postgres") ?? getpwnam("nobody") {
                chown(key, user.pointee.pw_uid, user.pointee.pw_gid)
            }
            chmod(folder, 0o755)
            let port = try freePort()
            let server = try await offThePool {
                try PostgreSQLServer(
                    configuration: """
                        listen_addresses = '127.0.0.1'
                        port = \(port)
                        ssl = on
                        ssl_cert_file = '\(certificate)'
                        ssl_key_file = '\(key)'
                        """
                )
            }
            func open(_ host: String, _ trusted: String, _ mode: String = "verify-full") async throws
                -> PostgreSQLDatabase
            {
                let url = "postgresql://kaskman@\(host):\(port)/postgres?sslmode=\(mode)&sslrootcert=\(trusted)"
                return try await PostgreSQLDatabase.open(
                    PostgreSQLSettings(url: url),
                    clock: SystemClock(),
                    registry: Registry()
                )
            }
            let database = try await open("localhost", certificate)
            let isEncrypted = try await database.read("test.ssl") { connection in
                try connection.queryFirst("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")?.int("ssl")
            }
            #expect(isEncrypted == 1)
            let begin = ContinuousClock.now
            let late = await failure {
                try await database.read("test.sleep", timeout: .milliseconds(200)) {
                    try $0.query("SELECT pg_sleep(60)")
                }
            }
            #expect(late?.code == .timeout, "a statement is cancelled over TLS too")
            #expect(ContinuousClock.now - begin < .seconds(30))
            try await database.close()
            for (host, trusted) in [
                ("127.0.0.1", certificate), ("localhost", stranger), ("localhost", folder + "/none.pem"),
            ] {
                let error = await failure { try await open(host, trusted).close() }
                #expect(error?.code == .connection, "\(host), \(trusted): \(error?.message ?? "it served")")
            }
            // Who asks for no proof gets none; it is the URL that decides.
            try await open("127.0.0.1", "", "require").close()
            try await offThePool { server.end() }
        }
    }

    private func failure<T>(_ body: () async throws -> T) async -> DatabaseError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? DatabaseError
        }
    }

    /// A certificate for `localhost` that vouches for itself.
    private func makeCertificate(_ certificate: String, _ key: String) async throws {
        let status = try await offThePool {
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
            return process.terminationStatus
        }
        #expect(status == 0)
        chmod(certificate, 0o644)
        chmod(key, 0o600)
    }

    /// A port that nobody listens on.
    private func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
            }
        }
        try #require(isBound)
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
