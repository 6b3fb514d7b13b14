import Foundation
import Glibc

/// Many WebSocket clients in one thread: reads what comes, counts the events and their delays, answers pings.
///
/// Concurrency: ``read(for:)`` on one thread at a time.
final class LiveClients {
    /// What came in some seconds.
    struct Tally {
        var events = 0
        /// From the time in an event, which is that of its transaction, to its arrival; milliseconds.
        var delays: [Int32] = []

        func quantile(_ quantile: Double) -> Double {
            let sorted = delays.sorted()
            return sorted.isEmpty ? .nan : Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * quantile))])
        }
    }

    private struct Client {
        let descriptor: Int32
        /// The beginning of a frame whose end has not come.
        var rest: [UInt8] = []
    }

    private var clients: [Client] = []
    private var polled: [pollfd] = []
    private var chunk = [UInt8](repeating: 0, count: 1 << 18)

    deinit {
        for client in clients { close(client.descriptor) }
    }

    /// Opens a WebSocket.
    func connect(port: Int, path: String, token: String) throws {
        let descriptor = try HTTPConnection.connected(port: port)
        let fields = [
            "Host: bench", "Authorization: Bearer \(token)", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version: 13",
        ]
        let request = (["GET \(path) HTTP/1.1"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
        let bytes = Array(request.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else {
            throw BenchmarkFailure("the handshake broke")
        }
        var answer: [UInt8] = []
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count > 0 else { throw BenchmarkFailure("the handshake was not answered") }
            answer += chunk[..<count]
            guard let end = Bytes.find("\r\n\r\n", in: answer, from: 0, to: answer.count) else { continue }
            guard Bytes.integer(in: answer, at: 9, to: end) == 101 else {
                throw BenchmarkFailure("the handshake was refused: \(String(decoding: answer[..<end], as: UTF8.self))")
            }
            answer.removeFirst(end + 4)
            break
        }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        polled.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        clients.append(Client(descriptor: descriptor, rest: answer))
    }

    /// Reads for some seconds.
    func read(for seconds: Double) throws -> Tally {
        var tally = Tally()
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            guard poll(&polled, nfds_t(polled.count), 10) > 0 else { continue }
            let now = Self.millisecondsOfDay()
            for client in clients.indices where polled[client].revents != 0 {
                let got = Glibc.read(clients[client].descriptor, &chunk, chunk.count)
                if got < 0, errno == EAGAIN { continue }
                guard got > 0 else { throw BenchmarkFailure("a live connection ended") }
                try take(got, client, now, &tally)
            }
        }
        return tally
    }

    /// Takes the frames of what was read (RFC 6455, 5.2); those of a server are not masked.
    private func take(_ count: Int, _ client: Int, _ now: Int32, _ tally: inout Tally) throws {
        if !clients[client].rest.isEmpty {
            let rest = clients[client].rest
            clients[client].rest = []
            let all = rest + chunk[..<count]
            try frames(all, all.count, client, now, &tally)
        } else {
            try frames(chunk, count, client, now, &tally)
        }
    }

    private func frames(_ bytes: [UInt8], _ end: Int, _ client: Int, _ now: Int32, _ tally: inout Tally) throws {
        var at = 0
        while end - at >= 2 {
            var length = Int(bytes[at + 1] & 0x7F)
            var head = 2
            if length == 126 {
                head = 4
                guard end - at >= head else { break }
                length = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
            } else if length == 127 {
                head = 10
                guard end - at >= head else { break }
                length = (2..<10).reduce(0) { $0 << 8 | Int(bytes[at + $1]) }
            }
            guard end - at >= head + length else { break }
            let payload = at + head
            switch bytes[at] & 0x0F {
            case 1: text(bytes, payload, payload + length, now, &tally)
            case 9:
                // A pong with the mask 0, and what the ping had.
                let pong: [UInt8] = [0x8A, 0x80 | UInt8(length), 0, 0, 0, 0] + bytes[payload..<payload + length]
                _ = write(clients[client].descriptor, pong, pong.count)
            case 8: throw BenchmarkFailure("a live connection was closed")
            default: break
            }
            at = payload + length
        }
        if at < end { clients[client].rest = Array(bytes[at..<end]) }
    }

    /// `{"type":"project_update","position":7,"timestamp":"2026-11-30T12:00:00.000Z",…}`; other messages are no events.
    private func text(_ bytes: [UInt8], _ start: Int, _ end: Int, _ now: Int32, _ tally: inout Tally) {
        let kind = start + 9
        guard end - start > 60, bytes[kind] == UInt8(ascii: "p"), bytes[kind + 1] == UInt8(ascii: "r"),
            let field = Bytes.find(#""timestamp":""#, in: bytes, from: kind, to: end)
        else { return }
        tally.events += 1
        let time = field + 13 + 11
        func digits(_ place: Int, _ count: Int) -> Int32 {
            (0..<count).reduce(0) { $0 * 10 + Int32(bytes[time + place + $1]) - 48 }
        }
        let written = ((digits(0, 2) * 60 + digits(3, 2)) * 60 + digits(6, 2)) * 1000 + digits(9, 3)
        tally.delays.append((now - written + Self.dayMilliseconds) % Self.dayMilliseconds)
    }

    private static let dayMilliseconds: Int32 = 86_400_000

    private static func millisecondsOfDay() -> Int32 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int32((time.tv_sec % 86_400) * 1000 + time.tv_nsec / 1_000_000)
    }
}
