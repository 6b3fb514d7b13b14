import JSON

/// What a client says on a WebSocket: the messages of the original's hub, and `resume`.
enum LiveRequest: Equatable {
    case ping
    case subscribe(LiveTopics)
    case unsubscribe(LiveTopics)
    case auth(token: String)
    case getStatus
    case resume(after: Int64)
}

/// Why a message is answered with `error`; the connection goes on.
enum LiveRequestError: Error, Equatable {
    case notJSON(String)
    case noType
    case unknownType(String)
    case badTopics
    case unknownTopic(String)
    case missing(member: String)
    case authenticating

    var words: (code: String, message: String) {
        switch self {
        case .notJSON(let reason): ("malformed_json", "the message is not JSON: \(reason)")
        case .noType: ("validation_failed", "the message must be an object with a type")
        case .unknownType(let type): ("unknown_type", "messages of type \(type) are not known")
        case .badTopics: ("validation_failed", "topics must be a list of 1 to 32 names")
        case .unknownTopic(let name):
            (
                "unknown_topic",
                "there is no topic \(name): \(LiveTopics.names.map(\.name).joined(separator: ", "))"
            )
        case .missing(let member): ("validation_failed", "\(member) is missing or not valid")
        case .authenticating: ("conflict", "an earlier auth is not answered yet")
        }
    }
}

extension LiveRequest {
    private static let limits = JSONLimits(bytesMax: 64 << 10, depthMax: 8, valuesMax: 200)
    private static let topicsMax = 32
    private static let tokenBytesMax = 8 << 10
    /// How much of what a client said is said back.
    private static let quotedCharactersMax = 60

    /// Reads a message.
    /// - Throws: ``LiveRequestError``.
    init(parsing bytes: [UInt8]) throws(LiveRequestError) {
        let value: JSONValue
        do throws(JSONSyntaxError) {
            value = try JSONValue(parsing: bytes, limits: Self.limits)
        } catch {
            throw .notJSON("\(error)")
        }
        guard let type = value["type"]?.string else { throw .noType }
        switch type {
        case "ping": self = .ping
        case "subscribe": self = .subscribe(try Self.topics(value))
        case "unsubscribe": self = .unsubscribe(try Self.topics(value))
        case "get_status": self = .getStatus
        case "auth":
            guard let token = value["token"]?.string ?? value["data"]?["token"]?.string, !token.isEmpty,
                token.utf8.count <= Self.tokenBytesMax
            else { throw .missing(member: "token") }
            self = .auth(token: token)
        case "resume":
            guard let after = value["after"]?.integer, after >= 0 else { throw .missing(member: "after") }
            self = .resume(after: after)
        default: throw .unknownType(String(type.prefix(Self.quotedCharactersMax)))
        }
    }

    private static func topics(_ value: JSONValue) throws(LiveRequestError) -> LiveTopics {
        guard let list = (value["topics"] ?? value["data"]?["topics"])?.array, (1...topicsMax).contains(list.count)
        else {
            throw .badTopics
        }
        var topics: LiveTopics = []
        for item in list {
            guard let name = item.string else { throw .badTopics }
            guard let topic = LiveTopics(name: name) else {
                throw .unknownTopic(String(name.prefix(quotedCharactersMax)))
            }
            topics.formUnion(topic)
        }
        return topics
    }
}
