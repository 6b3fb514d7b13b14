import APIModel
import Basics
package import HTTP
import HTTPTypes
import JSON
import NIOCore
import Records
package import Tasks

/// The artefacts of tasks: agents upload them in parts that can be resumed, people and programs download them.
package struct ArtefactRoutes: Sendable {
    private typealias Shared = ResourceRoutes<ProjectTask>

    private static let path = Shared.one + "/artefacts"
    private static let one = path + "/{artefact_id}"
    private static let idParameter = Parameter.path("artefact_id", .string(1...200), "A UUID, version 7.")
    private static let content = MediaType(rawValue: "application/octet-stream")
    /// How much of a content is held in memory at a time.
    private static let partBytesMax = 256 << 10

    private static let notFound = ResponseRule.problem(404, "There is no such task or artefact.")
    private static let full = ResponseRule.problem(507, "There is no room for it.")
    private static let artefact = ResponseRule(200, "The artefact.", json: ArtefactBody.schema)

    private let artefacts: ArtefactRepository

    package init(artefacts: ArtefactRepository) { self.artefacts = artefacts }

    package var routes: [Route] { [begin, append, list, get, download].map(\.mappingErrors) }

    private var begin: Route {
        Route(
            .post,
            Self.path,
            access: .requires(.tasksWork),
            summary:
                "Announce a file of a running attempt; it is complete at once when the project has its content already.",
            tag: Shared.tag,
            parameters: [ResourceID.parameter],
            body: .json(ArtefactInput.schema),
            responses: [
                ResponseRule(
                    201,
                    "The artefact, or the one that the same announcement made before.",
                    json: ArtefactBody.schema
                ),
                Shared.notFound, Shared.invalid, Self.full,
                ResponseRule.problem(409, "The lease is not the caller's to use, or the name is another content's."),
                ResponseRule.problem(413, "The file, or the request's body, is too large."),
            ],
            rateClass: .work
        ) { request in
            let claim = try LeaseInput.claim(request)
            let file = try ArtefactInput.file(request.json)
            let artefact = try await artefacts.begin(file, of: try ResourceID.of(request), claim)
            return .json(ArtefactBody(artefact), status: .created)
        }
    }

    private var append: Route {
        Route(
            .patch,
            Self.one,
            access: .requires(.tasksWork),
            summary: "Send the next bytes of an artefact; with the last ones it is complete, if its hash is right.",
            tag: Shared.tag,
            parameters: [
                ResourceID.parameter, Self.idParameter, LeaseInput.tokenParameter,
                .header(
                    ArtefactProblems.offsetField,
                    .integer(0...Int64.max),
                    "Where these bytes begin; needed. An answer 409 offset_mismatch has the place in the same field."
                ),
            ],
            body: .bytes([Self.content], bytesMax: TaskLimits.uploadBytesMax),
            responses: [
                Self.artefact, Self.notFound, Self.full,
                ResponseRule.problem(409, "The lease is not the caller's to use, or the upload goes on elsewhere."),
                ResponseRule.problem(422, "More came than was announced, or the content has another hash."),
            ],
            rateClass: .work
        ) { request in
            guard let offset = request.parameters.integer(ArtefactProblems.offsetField) else {
                let fault = Violation(.header(name: ArtefactProblems.offsetField), "is required")
                throw ProblemError(.invalidParameter, errors: [fault])
            }
            let body = request.body
            let part = UploadPart(count: body.readableBytes) { try body.withUnsafeReadableBytes($0) }
            let artefact = try await artefacts.append(
                part,
                at: offset,
                to: try Self.id(request),
                of: try ResourceID.of(request),
                try LeaseInput.claim(ofQuery: request)
            )
            return .json(ArtefactBody(artefact))
        }
    }

    private var list: Route {
        Route(
            .get,
            Self.path,
            access: .requires(.tasksRead),
            summary: "The artefacts of a task.",
            tag: Shared.tag,
            parameters: [ResourceID.parameter],
            responses: [ResponseRule(200, "The artefacts.", json: ArtefactsBody.schema), Shared.notFound]
        ) { request in
            .json(ArtefactsBody(try await artefacts.list(of: try ResourceID.of(request))))
        }
    }

    private var get: Route {
        Route(
            .get,
            Self.one,
            access: .requires(.tasksRead),
            summary: "One artefact; its member offset is where an upload goes on.",
            tag: Shared.tag,
            parameters: [ResourceID.parameter, Self.idParameter],
            responses: [Self.artefact, Self.notFound]
        ) { request in
            .json(ArtefactBody(try await artefacts.get(try Self.id(request), of: try ResourceID.of(request))))
        }
    }

    private var download: Route {
        Route(
            .get,
            Self.one + "/content",
            access: .requires(.tasksRead),
            summary: "The content of an artefact, whole or a range of it.",
            tag: Shared.tag,
            parameters: [
                ResourceID.parameter, Self.idParameter, Preconditions.noneMatch,
                .header("Range", .string(0...200), "One range of bytes; any other value is ignored."),
                .header("If-Range", .string(0...200), "The ETag without which the whole is wanted."),
            ],
            responses: [
                ResponseRule(200, "The content.", Self.content), ResponseRule(206, "The range.", Self.content),
                Self.notFound, ResponseRule.problem(409, "It has not been uploaded whole."),
                ResponseRule.problem(416, "The range lies outside the content."),
            ]
        ) { request in
            let content = try await artefacts.content(try Self.id(request), of: try ResourceID.of(request))
            return try Self.answer(request, content)
        }
    }

    private static func answer(
        _ request: RouteRequest,
        _ content: ArtefactContent
    ) throws -> RouteResponse {
        let artefact = content.artefact
        let length = Int(artefact.file.bytes)
        guard let tag = EntityTag(artefact.file.sha256) else { throw ProblemError(.internalError) }
        var headers: HTTPFields = [
            .contentType: Self.content.rawValue, .acceptRanges: "bytes", .eTag: tag.description,
            .contentDisposition: FileDisposition.attachment(artefact.file.name),
        ]
        if Preconditions.isNotModified(request.head.headerFields, tag) {
            return RouteResponse(status: .notModified, headers: [.eTag: tag.description])
        }
        let isSame = request[.ifRange].map { $0 == tag.description } ?? true
        let range: Range<Int>
        var status = HTTPResponse.Status.ok
        switch ByteRange.selection(isSame ? request[.range] : nil, length: length) {
        case .whole: range = 0..<length
        case .part(let part):
            range = part
            status = .partialContent
            headers[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(length)"
        case .unsatisfiable:
            throw ProblemError(.rangeNotSatisfiable, headers: [.contentRange: "bytes */\(length)"])
        }
        var response = RouteResponse(status: status, headers: headers)
        response.stream = BodyStream(length: range.count) { offset in
            let countMax = min(partBytesMax, range.count - offset)
            return ByteBuffer(bytes: try await content.read(from: range.lowerBound + offset, countMax: countMax))
        }
        return response
    }

    private static func id(_ request: RouteRequest) throws(ProblemError) -> UUIDv7 {
        guard let id = request.parameters.string("artefact_id").flatMap({ UUIDv7($0) }) else {
            throw ProblemError(.notFound, "what stands in the address is no identifier, which is a UUID of version 7")
        }
        return id
    }
}

/// The field `Content-Disposition` for a file to be saved (RFC 6266).
enum FileDisposition {
    /// The last part of the path, once in ASCII for those who read no other, and once as it is.
    static func attachment(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let plain = String(
            name.unicodeScalars.map { scalar -> Character in
                let isPlain =
                    scalar.isASCII && scalar.value >= 0x20 && scalar != "\"" && scalar != "\\" && scalar != "%"
                return isPlain && scalar.value != 0x7f ? Character(scalar) : "_"
            }
        )
        var encoded = ""
        for byte in name.utf8 {
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || "-._~".utf8.contains(byte)
            if isPlain {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(encoded)"
    }
}
