import Foundation

/// One blocking connection to the server for load: requests are bytes, several may be sent before their answers are
/// read, and little is done with the answers, since the processor that does it is the server's too.
///
/// Concurrency: one thread; ``shutDown()`` from any.
final class PipelinedConnection: @unchecked Sendable {
    let descriptor: Int32
    private var buffer: [UInt8] = []
    private var start = 0
    private var chunk = [UInt8](repeating: 0, count: 65_536)

    init(port: Int) throws { descriptor = try HTTPConnection.connected(port: port) }

    deinit { close(descriptor) }

    /// Has whoever waits for an answer fail.
    func shutDown() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// The bytes of a request with a JSON body.
    static func request(_ method: String, _ path: String, token: String, json: String = "") -> [UInt8] {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer \(token)\r\n"
        if !json.isEmpty { head += "Content-Type: application/json\r\nContent-Length: \(json.utf8.count)\r\n" }
        return Array((head + "\r\n" + json).utf8)
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw BenchmarkFailure("the connection broke") }
            sent += count
        }
    }

    /// The next answer.
    func receive() throws -> (status: Int, body: ArraySlice<UInt8>) {
        while true {
            if let answer = takeAnswer() { return answer }
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { throw BenchmarkFailure("the connection ended before its answer") }
            if start > 0 {
                buffer.removeFirst(start)
                start = 0
            }
            buffer.append(contentsOf: chunk[..<count])
        }
    }

    private func takeAnswer() -> (status: Int, body: ArraySlice<UInt8>)? {
        let end = buffer.count
        guard let bodyStart = Bytes.find("\r\n\r\n", in: buffer, from: start, to: end).map({ $0 + 4 }) else {
            return nil
        }
        // `HTTP/1.1 200`
        let status = Bytes.integer(in: buffer, at: start + 9, to: bodyStart) ?? 0
        let field = Bytes.find("ontent-", in: buffer, from: start, to: bodyStart)
        var length = 0
        var at = field
        while let found = at {
            // `Content-Length`, in whatever case the L is.
            if buffer[found + 7] | 0x20 == UInt8(ascii: "l") {
                let digits = found + 13 + (buffer[found + 14] == UInt8(ascii: " ") ? 2 : 1)
                length = Bytes.integer(in: buffer, at: digits, to: bodyStart) ?? 0
                break
            }
            at = Bytes.find("ontent-", in: buffer, from: found + 7, to: bodyStart)
        }
        guard end - bodyStart >= length else { return nil }
        start = bodyStart + length
        return (status, buffer[bodyStart..<start])
    }
}

/// Searches in bytes that came from the server.
enum Bytes {
    /// Where a text of ASCII is.
    static func find(_ text: StaticString, in bytes: [UInt8], from: Int, to end: Int) -> Int? {
        let count = text.utf8CodeUnitCount
        guard end - from >= count else { return nil }
        return bytes.withUnsafeBufferPointer { bytes in
            let first = text.utf8Start[0]
            var index = from
            while index <= end - count {
                if bytes[index] == first {
                    var matched = 1
                    while matched < count, bytes[index + matched] == text.utf8Start[matched] { matched += 1 }
                    if matched == count { return index }
                }
                index += 1
            }
            return nil
        }
    }

    /// How often a text of ASCII comes.
    static func count(_ text: StaticString, in bytes: [UInt8]) -> Int {
        var (count, at) = (0, 0)
        while let found = find(text, in: bytes, from: at, to: bytes.count) {
            count += 1
            at = found + text.utf8CodeUnitCount
        }
        return count
    }

    /// The digits at a place.
    static func integer(in bytes: [UInt8], at start: Int, to end: Int) -> Int? {
        var value = 0
        var index = start
        while index < end, bytes[index] >= 48, bytes[index] <= 57 {
            value = value * 10 + Int(bytes[index] - 48)
            index += 1
        }
        return index > start ? value : nil
    }
}
