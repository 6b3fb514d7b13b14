import APIModel
import Basics
import HTTP
import HTTPTypes
import Tasks

/// What the refusals of artefacts become in the API.
enum ArtefactProblems {
    /// Where an upload goes on.
    static let offsetField = "Upload-Offset"

    static func problem(_ refusal: ArtefactRefusal) -> ProblemError {
        switch refusal {
        case .notFound: ProblemError(.notFound, "there is no such artefact")
        case .nameTaken(let id):
            ProblemError(
                .conflict,
                errors: [Violation(.body(pointer: "/name"), "is that of artefact \(id), which has another content")]
            )
        case .tooMany(let artefactsMax):
            ProblemError(.conflict, "the attempt has \(artefactsMax) artefacts, which is as many as may be")
        case .tooLarge(let bytesMax): ProblemError(.payloadTooLarge, "at most \(bytesMax) bytes an artefact")
        case .storeFull(let bytesMax):
            ProblemError(.insufficientStorage, "all artefacts together may take \(bytesMax) bytes")
        case .diskFull: ProblemError(.insufficientStorage, "the server's disk is full")
        case .disk: ProblemMapping.unavailable("the artefact's file cannot be used")
        case .offset(let current):
            ProblemError(.offsetMismatch, "it goes on at byte \(current)", headers: fields(offset: current))
        case .beyondEnd(let bytes): ProblemError(.validationFailed, "the artefact was announced with \(bytes) bytes")
        case .hashMismatch:
            ProblemError(.hashMismatch, "the content is not the one that was announced; nothing is kept")
        case .incomplete: ProblemError(.conflict, "it has not been uploaded whole")
        }
    }

    private static func fields(offset: Int64) -> HTTPFields {
        guard let name = HTTPField.Name(offsetField) else { return [:] }
        return [name: String(offset)]
    }
}
