import APIModel
package import HTTPTypes

/// The version of a resource's representation (RFC 9110, 8.8.3).
package struct EntityTag: Hashable, Sendable, CustomStringConvertible {
    package let value: String
    package let isWeak: Bool

    /// Makes a tag from text without quotes and control characters; nil for any other.
    package init?(_ value: String, isWeak: Bool = false) {
        guard value.utf8.allSatisfy({ $0 == 0x21 || $0 >= 0x23 && $0 != 0x7f }) else { return nil }
        self.value = value
        self.isWeak = isWeak
    }

    /// The strong tag of a numbered version.
    package init(version: Int64) {
        value = String(version)
        isWeak = false
    }

    package var description: String { (isWeak ? "W/" : "") + "\"\(value)\"" }

    /// Reads a list of tags; nil when it is malformed.
    package static func list(_ text: String) -> [EntityTag]? {
        var tags: [EntityTag] = []
        var rest = text[...]
        while true {
            rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "," }
            if rest.isEmpty { return tags }
            let isWeak = rest.hasPrefix("W/")
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.first == "\"" else { return nil }
            rest = rest.dropFirst()
            guard let end = rest.firstIndex(of: "\""), let tag = EntityTag(String(rest[..<end]), isWeak: isWeak)
            else { return nil }
            tags.append(tag)
            rest = rest[rest.index(after: end)...]
        }
    }
}

/// The preconditions of a request on a resource's version (RFC 9110, 13).
package enum Preconditions {
    /// Declares that a route takes `If-None-Match`, and so may answer 304.
    package static let noneMatch = Parameter.header(
        "If-None-Match",
        .string(0...1024),
        "The ETag of the client's copy; 304 is the answer when that is current."
    )

    /// Whether the client's copy is current, so that 304 is the answer: `If-None-Match`, compared weakly.
    package static func isNotModified(_ fields: HTTPFields, _ tag: EntityTag) -> Bool {
        guard let text = fields[.ifNoneMatch] else { return false }
        if text == "*" { return true }
        return EntityTag.list(text)?.contains { $0.value == tag.value } ?? false
    }

    /// Checks `If-Match` before a change, compared strongly.
    /// - Throws: ``ProblemError``: `precondition_required` without the field when it is required, `precondition_failed`
    ///   when the resource has another version, `malformed_request` for text that is no list of tags.
    package static func requireMatch(
        _ fields: HTTPFields,
        _ tag: EntityTag,
        isRequired: Bool = true
    ) throws(ProblemError) {
        guard let text = fields[.ifMatch] else {
            if isRequired { throw ProblemError(.preconditionRequired, "send the version's ETag as If-Match") }
            return
        }
        if text == "*" { return }
        guard let tags = EntityTag.list(text) else {
            throw ProblemError(.malformedRequest, "If-Match is not a list of entity tags")
        }
        guard tags.contains(where: { !$0.isWeak && !tag.isWeak && $0.value == tag.value }) else {
            throw ProblemError(.preconditionFailed, headers: [.eTag: tag.description])
        }
    }

    /// The answer to a read: 304 when the client's copy is current, else the response; with the tag either way.
    package static func answer(
        _ fields: HTTPFields,
        _ tag: EntityTag,
        _ response: () throws -> RouteResponse
    ) rethrows -> RouteResponse {
        var answer = isNotModified(fields, tag) ? RouteResponse(status: .notModified) : try response()
        answer.headers[.eTag] = tag.description
        return answer
    }
}
