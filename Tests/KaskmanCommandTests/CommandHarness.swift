import Basics
import Client
import Synchronization

@testable import kaskman

/// A command line in a world of the test's making.
final class CommandHarness: Sendable {
    /// What a command did.
    struct Outcome: Equatable {
        var status: Int32
        var output: String
        var messages: String
    }

    private struct State {
        var output = ""
        var messages = ""
        var requests: [APIRequest] = []
        var prompts: [String] = []
    }

    let fileSystem = FaultyFileSystem()
    let clock = ManualClock()
    private let state = Mutex(State())
    private let variables: [String: String]
    private let isTerminal: Bool
    private let input: String
    private let answers: [String: String]
    private let server: @Sendable (APIRequest) -> APIResponse

    init(
        variables: [String: String] = ["HOME": "/home"],
        isTerminal: Bool = false,
        input: String = "",
        answers: [String: String] = [:],
        server: @escaping @Sendable (APIRequest) -> APIResponse = { _ in APIResponse(status: 404) }
    ) {
        self.variables = variables
        self.isTerminal = isTerminal
        self.input = input
        self.answers = answers
        self.server = server
    }

    /// One that is logged in.
    static func loggedIn(
        isTerminal: Bool = false,
        server: @escaping @Sendable (APIRequest) -> APIResponse
    ) -> CommandHarness {
        CommandHarness(variables: ["HOME": "/home", "KASKMAN_TOKEN": "t"], isTerminal: isTerminal, server: server)
    }

    var requests: [APIRequest] { state.withLock { $0.requests } }
    var prompts: [String] { state.withLock { $0.prompts } }

    func write(_ text: String, to path: String) throws {
        if let slash = path.lastIndex(of: "/") {
            try fileSystem.createDirectory(String(path[..<slash]), mode: .sharedDirectory)
        }
        try fileSystem.writeAtomically(Array(text.utf8), to: path, mode: .shared)
    }

    func run(_ arguments: String...) async -> Outcome { await run(list: arguments) }

    func run(list arguments: [String]) async -> Outcome {
        state.withLock { state in
            state.output = ""
            state.messages = ""
        }
        let status = await Kaskman.run(arguments, in: environment)
        return state.withLock { Outcome(status: status, output: $0.output, messages: $0.messages) }
    }

    private var environment: CommandEnvironment {
        CommandEnvironment(
            variables: variables,
            fileSystem: fileSystem,
            clock: clock,
            write: { text in self.state.withLock { $0.output += text } },
            writeMessage: { text in self.state.withLock { $0.messages += text } },
            isOutputTerminal: isTerminal,
            isErrorTerminal: isTerminal,
            width: 60,
            height: 16,
            readInput: { bytesMax in
                let bytes = Array(self.input.utf8)
                return bytes.count > bytesMax ? nil : bytes
            },
            ask: { prompt, _ in
                self.state.withLock { $0.prompts.append(prompt) }
                return self.answers[prompt]
            },
            transport: { (HarnessTransport(harness: self), {}) },
            uniqueKey: { "key-1" }
        )
    }

    private struct HarnessTransport: APITransport {
        let harness: CommandHarness

        func send(
            _ request: APIRequest,
            to address: ServerAddress,
            timeout: Duration
        ) async throws(ClientError) -> APIResponse {
            var noted = request
            noted.target = address.description + request.target
            harness.state.withLock { $0.requests.append(noted) }
            return harness.server(request)
        }
    }
}

extension APIResponse {
    static func json(_ text: String, status: Int = 200, headers: [APIRequest.Header] = []) -> APIResponse {
        APIResponse(status: status, headers: headers, body: Array(text.utf8))
    }
}
