import APIModel
import HTTPTypes
import JSON
import NIOCore

/// Checks a request against its route's declaration and reads its body.
struct RequestReading {
    let route: Route
    let head: HTTPRequest
    let settings: HTTPSettings

    // MARK: Negotiation

    /// Refuses a request that accepts none of the media types that the route answers with.
    func checkAccept() throws(RejectionError) {
        let accepted = head.headerFields[values: .accept]
        guard !accepted.isEmpty else { return }
        let offered = route.offeredTypes
        guard offered.isEmpty || offered.contains(where: { $0.isAccepted(by: accepted) }) else {
            let names = offered.map(\.rawValue).joined(separator: ", ")
            throw RejectionError(.notAcceptable, .notAcceptable, "offered: \(names)")
        }
    }

    // MARK: Parameters

    /// The values of the path's and the query's parameters, all checked, all faults in one answer.
    func parameters(captures: [Substring], query: Substring) throws -> ParameterValues {
        var values = ParameterValues()
        var faults: [Violation] = []
        for (name, raw) in zip(route.path.captureNames, captures) {
            guard let parameter = route.parameters.first(where: { $0.location == .path && $0.name == name }),
                let text = PercentDecoding.decode(raw)
            else { throw RejectionError(.malformed, .malformedRequest, "the path has a broken percent-encoding") }
            let (value, wrong) = parameter.schema.value(ofParameter: text)
            faults += wrong.map { Violation(.path(name: name), $0) }
            values.append(name, value)
        }
        let isRead = route.unknownQuery != .leftToHandler
        if isRead, !query.isEmpty || route.parameters.contains(where: { $0.location == .query && $0.isRequired }) {
            try readQuery(query, &values, &faults)
        }
        readHeader(&values, &faults)
        guard faults.isEmpty else {
            throw RejectionError(
                .invalidParameter,
                .invalidParameter,
                errors: Array(faults.prefix(JSONSchema.violationsMax))
            )
        }
        return values
    }

    private func readHeader(_ values: inout ParameterValues, _ faults: inout [Violation]) {
        for parameter in route.parameters where parameter.location == .header {
            guard let name = HTTPField.Name(parameter.name) else { continue }
            let texts = head.headerFields[values: name]
            guard !texts.isEmpty else { continue }
            let (value, wrong) = Self.value(of: parameter, texts)
            faults += wrong.map { Violation(.header(name: parameter.name), $0) }
            values.append(parameter.name, value)
        }
    }

    private func readQuery(_ query: Substring, _ values: inout ParameterValues, _ faults: inout [Violation]) throws {
        let items: [QueryItems.Item]
        do throws(ProblemError) {
            items = try QueryItems(parsing: query).items
        } catch {
            throw RejectionError(.malformed, error)
        }
        let declared = route.parameters.filter { $0.location == .query }
        if case .refused = route.unknownQuery {
            for item in items where !declared.contains(where: { $0.name == item.name }) {
                faults.append(Violation(.query(name: item.name), "is not a known parameter"))
            }
        }
        for parameter in declared {
            let texts = items.filter { $0.name == parameter.name }.map(\.value)
            guard !texts.isEmpty else {
                if parameter.isRequired { faults.append(Violation(.query(name: parameter.name), "is required")) }
                continue
            }
            let (value, wrong) = Self.value(of: parameter, texts)
            faults += wrong.map { Violation(.query(name: parameter.name), $0) }
            values.append(parameter.name, value)
        }
    }

    private static func value(of parameter: Parameter, _ texts: [String]) -> (JSONValue, [String]) {
        guard case .array(let element, let count, let isSet) = parameter.schema.bare else {
            guard texts.count == 1, let text = texts.first else { return (.null, ["must not be repeated"]) }
            return parameter.schema.value(ofParameter: text)
        }
        guard count.contains(texts.count) else {
            return (.null, ["must be given \(count.lowerBound) to \(count.upperBound) times"])
        }
        let read = texts.map { element.value(ofParameter: $0) }
        let values = read.map(\.value)
        let repeats = isSet && Set(values).count < values.count ? ["must not repeat a value"] : []
        return (.array(values), read.flatMap(\.faults) + repeats)
    }

    // MARK: Body

    /// Reads the body that the route takes; empty when it takes none.
    func body(from source: inout some RequestBodySource) async throws -> (bytes: ByteBuffer, json: JSONValue?) {
        switch route.body {
        case .none: return (ByteBuffer(), nil)
        case .bytes(let types, let bytesMax):
            return (try await bytes(from: &source, types, bytesMax), nil)
        case .form(_, let bytesMax):
            return (try await bytes(from: &source, [.form], bytesMax), nil)
        case .json(let schema, let isRequired, let bytesMax):
            let types: [MediaType] = head.method == .patch ? [.json, .mergePatch] : [.json]
            let bytes = try await bytes(from: &source, types, bytesMax)
            if bytes.readableBytes == 0 {
                guard !isRequired else {
                    let fault = Violation(.body(pointer: ""), "is required")
                    throw RejectionError(.invalidBody, .malformedJSON, "a body is required", errors: [fault])
                }
                return (bytes, nil)
            }
            return (bytes, try Self.json(bytes, schema))
        }
    }

    private func bytes(
        from source: inout some RequestBodySource,
        _ types: [MediaType],
        _ bytesMax: Int?
    ) async throws -> ByteBuffer {
        let bytesMax = bytesMax ?? settings.bodyBytesMax
        let fields = head.headerFields
        let length = fields[.contentLength].flatMap { Int($0) }
        if length ?? 0 > bytesMax { throw tooLarge(bytesMax) }
        guard length ?? 0 > 0 || fields.contains(.transferEncoding) else { return ByteBuffer() }
        let type = fields[.contentType].flatMap(MediaType.init(contentType:))
        guard let type, types.contains(type) else {
            let names = types.map(\.rawValue).joined(separator: ", ")
            throw RejectionError(.unsupportedMediaType, .unsupportedMediaType, "supported: \(names)")
        }
        if fields[.expect]?.lowercased() == "100-continue" { try await source.proceed() }
        var collected = ByteBuffer()
        while var part = try await source.next() {
            guard collected.readableBytes + part.readableBytes <= bytesMax else { throw tooLarge(bytesMax) }
            if collected.readableBytes == 0 { collected = part } else { collected.writeBuffer(&part) }
        }
        return collected
    }

    private func tooLarge(_ bytesMax: Int) -> RejectionError {
        RejectionError(.bodyTooLarge, .payloadTooLarge, "at most \(bytesMax) bytes")
    }

    static func json(_ bytes: ByteBuffer, _ schema: JSONSchema) throws(RejectionError) -> JSONValue {
        let value: JSONValue
        do throws(JSONSyntaxError) {
            let limits = JSONLimits(bytesMax: bytes.readableBytes)
            value = try JSONValue(parsing: Array(bytes.readableBytesView), limits: limits)
        } catch {
            let (line, column) = error.place(in: bytes.readableBytesView)
            let position = Violation.Position(line: line, column: column, offset: error.offset)
            let fault = Violation(.body(pointer: error.pointer), error.words, at: position)
            let detail = "\(error) (line \(line), column \(column))"
            throw RejectionError(.invalidBody, .malformedJSON, detail, errors: [fault])
        }
        let faults = schema.violations(in: value)
        guard faults.isEmpty else { throw RejectionError(.invalidBody, .validationFailed, errors: faults) }
        return value
    }
}
