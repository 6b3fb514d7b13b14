import APIModel
import HTTPTypes

extension Route {
    /// Everything that the route can answer, by status: what its handler does, and what the server does for it.
    ///
    /// The latter follows from the declaration: who may call it, what it takes, what it offers. What is refused before
    /// the route is known (a head that is late, or larger than the limits) is not in it. A status may be there twice,
    /// with different media types.
    package var answers: [ResponseRule] {
        let derived = impliedAnswers.filter { implied in
            !responses.contains { $0.status == implied.status && $0.mediaType == implied.mediaType }
        }
        return (responses + derived).sorted { $0.status < $1.status }
    }

    private var impliedAnswers: [ResponseRule] {
        var rules = Dictionary(grouping: impliedProblems, by: \.status).map { status, types in
            let description = types.map { $0.title + "." }.joined(separator: " ")
            guard let envelope else { return ResponseRule.problem(status, description) }
            return ResponseRule(status, description, envelope.mediaType, envelope.schema)
        }
        if envelope != nil {
            // The connection answers for a handler that is late, and knows no routes.
            let late = ProblemType.handlerTimeout
            rules.append(.problem(late.status, late.title + "."))
        }
        if takes(.ifNoneMatch) { rules.append(ResponseRule(304, "The client's copy is current.")) }
        return rules
    }

    private var impliedProblems: [ProblemType] {
        // Any path and any query can be encoded wrongly.
        var types: [ProblemType] = [.malformedRequest]
        if !parameters.isEmpty || unknownQuery == .refused { types.append(.invalidParameter) }
        if access != .everyone { types.append(.unauthenticated) }
        if case .requires = access { types.append(.forbidden) }
        if !offeredTypes.isEmpty { types.append(.notAcceptable) }
        if takes(.ifMatch) { types.append(.preconditionFailed) }
        switch body {
        case .none: break
        case .json:
            types += [.malformedJSON, .requestTimeout, .payloadTooLarge, .unsupportedMediaType, .validationFailed]
        case .bytes, .form: types += [.requestTimeout, .payloadTooLarge, .unsupportedMediaType]
        }
        return types + [.rateLimited, .internalError, .unavailable, .handlerTimeout]
    }

    /// The media types that an `Accept` field must allow one of.
    var offeredTypes: [MediaType] { responses.filter { $0.status < 400 }.compactMap(\.mediaType) }

    private func takes(_ field: HTTPField.Name) -> Bool {
        parameters.contains { $0.location == .header && HTTPField.Name($0.name) == field }
    }
}
