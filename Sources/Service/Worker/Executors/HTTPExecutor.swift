import AsyncHTTPClient
package import Basics
import Client
package import JSON
import NIOCore
import NIOHTTP1

/// Sends requests: the executor `http`.
///
/// A host's addresses are looked up once, each is checked, and the connection goes to one that was checked: a name that
/// changes its address in between leads nowhere else. Redirects are not followed, but told.
package struct HTTPExecutor: TaskExecutor {
    package let name = "http"

    /// How much of an answer is read; a longer one fails.
    package static let responseBytesMax = 8 << 20
    /// How much of the body goes into the output, so that the server takes that.
    package static let bodyBytesMax = 64 << 10
    /// The whole output, as JSON.
    package static let outputBytesMax = 60 << 10
    /// How many fields of the answer are told.
    package static let headersMax = 50
    private static let headerBytesMax = 1000

    private let allowsPrivateNetworks: Bool
    private let userAgent: String
    private let clock: any WallClock

    package init(allowsPrivateNetworks: Bool, userAgent: String, clock: any WallClock) {
        self.allowsPrivateNetworks = allowsPrivateNetworks
        self.userAgent = userAgent
        self.clock = clock
    }

    package func run(_ attempt: Attempt) async -> AttemptOutcome {
        let input: HTTPInput
        do throws(InputError) { input = try HTTPInput(attempt.grant.input, attempt.grant.upstream) } catch {
            return .failed(.invalidInput, message: "\(error)")
        }
        return await withTaskGroup(of: AttemptOutcome.self) { group in
            group.addTask { await send(input, attempt.log) }
            group.addTask {
                _ = await attempt.stop.wait()
                return .failed(.workerStopped, message: "the worker ended before the answer came")
            }
            let first = await group.next() ?? .failed(.workerFailed, message: "nothing was done")
            group.cancelAll()
            return first
        }
    }

    private func send(_ input: HTTPInput, _ log: AttemptLog) async -> AttemptOutcome {
        let addresses = await NameResolution.addresses(of: input.host)
        guard let target = addresses.first else {
            return .failed(.networkFailed, message: "the name \(input.host) is not known")
        }
        if !allowsPrivateNetworks, let refused = addresses.first(where: { !$0.isPublic }) {
            return .failed(
                .networkRefused,
                message:
                    "\(input.host) has the address \(refused), which is not public: --allow-private-networks lets it"
            )
        }
        log.note("\(input.method) \(input.host) at \(target)")
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(10)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.dnsOverride = [input.host: target.description]
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let outcome = await execute(input, client)
        try? await client.shutdown()
        return outcome
    }

    private func execute(_ input: HTTPInput, _ client: HTTPClient) async -> AttemptOutcome {
        var request = HTTPClientRequest(url: input.url)
        request.method = HTTPMethod(rawValue: input.method)
        request.headers.add(name: "User-Agent", value: userAgent)
        for header in input.headers { request.headers.replaceOrAdd(name: header.name, value: header.value) }
        if !input.body.isEmpty { request.body = .bytes(ByteBuffer(bytes: input.body)) }
        let begin = clock.uptime
        do {
            let limit = TimeAmount.milliseconds(Int64(input.timeoutSeconds * 1000))
            let answer = try await client.execute(request, timeout: limit)
            let body = try await answer.body.collect(upTo: Self.responseBytesMax)
            let status = Int(answer.status.code)
            guard input.expects(status) else {
                let said = String(decoding: body.readableBytesView.prefix(500), as: UTF8.self)
                return .failed(.unexpectedStatus, message: "status \(status): \(said)")
            }
            let fields = answer.headers.map { (name: $0.name.lowercased(), value: $0.value) }
            let seconds = (clock.uptime - begin).inSeconds
            return .completed(
                output: Self.output(status, fields, Array(body.readableBytesView), seconds: seconds)
            )
        } catch is NIOTooManyBytesError {
            return .failed(.responseLimit, message: "the answer has more than \(Self.responseBytesMax) bytes")
        } catch let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout {
            return .failed(.timeLimit, message: "no answer within \(input.timeoutSeconds) s")
        } catch {
            return .failed(.networkFailed, message: "\(error)")
        }
    }

    /// The output of an answer: as much of the body as the server takes.
    package static func output(
        _ status: Int,
        _ fields: [(name: String, value: String)],
        _ body: [UInt8],
        seconds: Double
    ) -> JSONValue {
        var headers = JSONObject()
        for field in fields.prefix(headersMax) where field.value.utf8.count <= headerBytesMax {
            headers[field.name] = .string(headers[field.name]?.string.map { $0 + ", " + field.value } ?? field.value)
        }
        var length = min(body.count, bodyBytesMax)
        while true {
            var output: JSONObject = ["status": .integer(Int64(status)), "headers": .object(headers)]
            output["seconds"] = JSONNumber((seconds * 1000).rounded() / 1000).map { .number($0) }
            output["body"] = .string(text(body, length))
            if length < body.count { output["body_truncated"] = true }
            let value = JSONValue.object(output)
            // Escaped, a body may be several times as long.
            if length == 0 || JSONWriter.bytes(of: value).count <= outputBytesMax { return value }
            length = length * 3 / 4
        }
    }

    /// The first bytes as text; no scalar is cut in two, bytes that are no UTF-8 are replaced.
    private static func text(_ body: [UInt8], _ length: Int) -> String {
        var end = length
        if end < body.count {
            while end > max(0, length - 3), body[end] & 0b1100_0000 == 0b1000_0000 { end -= 1 }
        }
        return String(decoding: body[..<end], as: UTF8.self).replacing("\0", with: "\u{FFFD}")
    }
}
