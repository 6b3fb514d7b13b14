import APIModel
import Basics
import HTTP
import JSON
import Tasks

/// What agents send of a file before they send the file.
enum ArtefactInput {
    static let schema = JSONSchema.object([
        LeaseInput.token,
        .required("name", .string(1...TaskLimits.artefactNameBytesMax), "A relative path, as the task calls it."),
        .required("bytes", .integer(0...Int64.max)),
        .required("sha256", .string(64...64), "Of the content, in hexadecimal."),
        .optional("media_type", .string(1...TaskLimits.mediaTypeLengthMax).orNull),
    ])

    static func file(_ json: JSONValue?) throws(ProblemError) -> NewArtefact {
        guard let json, let name = json["name"]?.string, let bytes = json["bytes"]?.integer,
            let sha256 = json["sha256"]?.string
        else { throw ProblemError(.validationFailed) }
        return NewArtefact(
            name: name,
            bytes: bytes,
            sha256: sha256.lowercased(),
            mediaType: json["media_type"]?.string
        )
    }
}

/// An artefact as the API shows it.
struct ArtefactBody: JSONWritable {
    static let schema = JSONSchema.named(
        "Artefact",
        .object([
            .required("id", .string(format: .uuid)),
            .required("name", .string(), "A relative path, as the task calls it."),
            .required("bytes", .integer()),
            .required("sha256", .string(64...64)),
            .required("media_type", .string().orNull, "As the agent says; the content is always sent as bytes."),
            .required("offset", .integer(), "Where the upload goes on."),
            .required("complete", .boolean),
            .required("attempt", .integer()),
            .required("agent_id", .string(format: .uuid)),
            .required("created_at", .string(format: .dateTime)),
        ])
    )

    private let artefact: Artefact

    init(_ artefact: Artefact) { self.artefact = artefact }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", artefact.id.description)
            json.member("name", artefact.file.name)
            json.member("bytes", Int(artefact.file.bytes))
            json.member("sha256", artefact.file.sha256)
            json.member("media_type", orNull: artefact.file.mediaType)
            json.member("offset", Int(artefact.uploaded))
            json.member("complete", artefact.isComplete)
            json.member("attempt", Int(artefact.attempt))
            json.member("agent_id", artefact.agentID.description)
            json.member("created_at", artefact.createdAt.rfc3339)
        }
    }
}

/// The artefacts of a task.
struct ArtefactsBody: JSONWritable {
    static let schema = JSONSchema.object([
        .required("items", .array(of: ArtefactBody.schema), "The newest attempt's first; at most 1000.")
    ])

    private let artefacts: [Artefact]

    init(_ artefacts: [Artefact]) { self.artefacts = artefacts }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("items")
            json.array { json in for artefact in artefacts { ArtefactBody(artefact).write(to: &json) } }
        }
    }
}
