import Foundation

/// One blocking connection to the server, for setting up and probing; load comes from wrk.
final class HTTPConnection {
    struct Answer {
        let status: Int
        let body: String
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init(port: Int) throws { descriptor = try Self.connected(port: port) }

    /// A socket that is connected to the server.
    static func connected(port: Int) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(port)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard descriptor >= 0, result == 0 else { throw BenchmarkFailure("cannot connect to port \(port)") }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        return descriptor
    }

    deinit { close(descriptor) }

    /// Sends a request and reads its answer.
    func send(_ method: String, _ path: String, token: String? = nil, json: String = "") throws -> Answer {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: bench\r\n"
        if let token { head += "Authorization: Bearer \(token)\r\n" }
        if !json.isEmpty { head += "Content-Type: application/json\r\nContent-Length: \(json.utf8.count)\r\n" }
        let request = Array((head + "\r\n" + json).utf8)
        guard write(descriptor, request, request.count) == request.count else {
            throw BenchmarkFailure("the connection broke")
        }
        while true {
            if let answer = takeAnswer() { return answer }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { throw BenchmarkFailure("the connection ended before its answer") }
            buffer += chunk[..<count]
        }
    }

    private func takeAnswer() -> Answer? {
        guard let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: buffer[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let length = lines.first { $0.lowercased().hasPrefix("content-length:") }?.split(separator: " ").last
        let bodyEnd = end.upperBound + (length.flatMap { Int($0) } ?? 0)
        guard buffer.count >= bodyEnd else { return nil }
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let body = String(decoding: buffer[end.upperBound..<bodyEnd], as: UTF8.self)
        buffer.removeFirst(bodyEnd)
        return Answer(status: status, body: body)
    }

    /// A port of the loopback interface that nobody listens on.
    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) + getsockname(descriptor, $0, &length)
            }
        }
        guard result == 0 else { throw BenchmarkFailure("no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        return address
    }
}
