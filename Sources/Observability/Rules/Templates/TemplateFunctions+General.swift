extension TemplateFunction {
    /// Go's own functions; `and` and `or` are evaluated by the executor, since they stop early.
    static let generalFunctions: [String: TemplateFunction] = [
        "and": TemplateFunction([.any], rest: .any) { _, values in values.last ?? .none },
        "or": TemplateFunction([.any], rest: .any) { _, values in values.last ?? .none },
        "not": TemplateFunction([.any]) { _, values in .boolean(!values.at(0).isTrue) },
        "len": TemplateFunction([.any]) { _, values throws(TemplateError) in try length(values.at(0)) },
        "index": TemplateFunction([.any], rest: .any) { _, values throws(TemplateError) in
            var value = values.at(0)
            for key in values.dropFirst() { value = try element(of: value, key) }
            return value
        },
        "slice": TemplateFunction([.any], rest: .any) { _, values throws(TemplateError) in try slice(values) },
        "print": TemplateFunction([], rest: .any) { executor, values throws(TemplateError) in
            .string(try GoFormat.spaced(values, bytesMax: executor.template.limits.outputBytesMax))
        },
        "println": TemplateFunction([], rest: .any) { executor, values throws(TemplateError) in
            .string(try GoFormat.line(values, bytesMax: executor.template.limits.outputBytesMax))
        },
        "printf": TemplateFunction([.string], rest: .any) { executor, values throws(TemplateError) in
            .string(
                try GoFormat.format(
                    values.string(0),
                    Array(values.dropFirst()),
                    widthMax: executor.template.limits.formatWidthMax,
                    bytesMax: executor.template.limits.outputBytesMax
                )
            )
        },
        "urlquery": TemplateFunction([], rest: .any) { executor, values throws(TemplateError) in
            let text = try GoFormat.spaced(values, bytesMax: executor.template.limits.outputBytesMax)
            return .string(URLText.queryEscape(text))
        },
        "eq": TemplateFunction([.any], rest: .any) { _, values throws(TemplateError) in
            guard values.count > 1 else { throw TemplateError("missing argument for comparison") }
            for other in values.dropFirst() where try GoComparison.areEqual(values.at(0), other) {
                return .boolean(true)
            }
            return .boolean(false)
        },
        "ne": TemplateFunction([.any, .any]) { _, values throws(TemplateError) in
            .boolean(!(try GoComparison.areEqual(values.at(0), values.at(1))))
        },
        "lt": TemplateFunction([.any, .any]) { _, values throws(TemplateError) in
            .boolean(try GoComparison.isLess(values.at(0), values.at(1)))
        },
        "le": TemplateFunction([.any, .any]) { _, values throws(TemplateError) in
            .boolean(try GoComparison.isLessOrEqual(values.at(0), values.at(1)))
        },
        "gt": TemplateFunction([.any, .any]) { _, values throws(TemplateError) in
            .boolean(!(try GoComparison.isLessOrEqual(values.at(0), values.at(1))))
        },
        "ge": TemplateFunction([.any, .any]) { _, values throws(TemplateError) in
            .boolean(!(try GoComparison.isLess(values.at(0), values.at(1))))
        },
    ]

    private static func length(_ value: TemplateValue) throws(TemplateError) -> TemplateValue {
        switch value {
        case .string(let text): return .int(text.utf8.count)
        case .list(let values, _): return .int(values.count)
        case .map(let values, _): return .int(values.count)
        case .none, .nil: throw TemplateError("len of nil pointer")
        default: throw TemplateError("len of type \(value.typeName)")
        }
    }

    private static func element(of value: TemplateValue, _ key: TemplateValue) throws(TemplateError) -> TemplateValue {
        switch value {
        case .list(let values, _):
            let index = try integer(key)
            guard values.indices.contains(index) else {
                throw TemplateError("error calling index: index out of range: \(index)")
            }
            return values[index]
        case .string(let text):
            let index = try integer(key)
            let bytes = Array(text.utf8)
            guard bytes.indices.contains(index) else {
                throw TemplateError("error calling index: index out of range: \(index)")
            }
            return .unsigned(UInt64(bytes[index]), type: "uint8")
        case .map(let values, let type):
            guard case .string(let name) = key else {
                throw TemplateError("value has type \(key.typeName); should be string")
            }
            return values[name] ?? (type == "map[string]string" ? .string("") : .none)
        case .none, .nil: throw TemplateError("index of untyped nil")
        default: throw TemplateError("can't index item of type \(value.typeName)")
        }
    }

    private static func slice(_ values: [TemplateValue]) throws(TemplateError) -> TemplateValue {
        guard values.count <= 3 else { throw TemplateError("too many slice indexes: \(values.count - 1)") }
        let bytes: [UInt8]
        switch values.at(0) {
        case .string(let text): bytes = Array(text.utf8)
        case .list(let items, let type):
            let range = try bounds(values, items.count)
            return .list(Array(items[range]), type: type)
        default: throw TemplateError("can't slice item of type \(values.at(0).typeName)")
        }
        return .string(String(decoding: bytes[try bounds(values, bytes.count)], as: UTF8.self))
    }

    private static func bounds(_ values: [TemplateValue], _ count: Int) throws(TemplateError) -> Range<Int> {
        let start = values.count > 1 ? try integer(values.at(1)) : 0
        let end = values.count > 2 ? try integer(values.at(2)) : count
        guard start >= 0, start <= count else { throw TemplateError("index out of range: \(start)") }
        guard end >= 0, end <= count else { throw TemplateError("index out of range: \(end)") }
        guard start <= end else { throw TemplateError("invalid slice index: \(start) > \(end)") }
        return start..<end
    }

    private static func integer(_ value: TemplateValue) throws(TemplateError) -> Int {
        switch value {
        case .integer(let value, _), .named(let value, _, _): return Int(value)
        case .unsigned(let value, _):
            if let value = Int(exactly: value) { return value }
            throw TemplateError("index out of range: \(value)")
        case .none, .nil: throw TemplateError("cannot index slice/array with nil")
        default: throw TemplateError("cannot index slice/array with type \(value.typeName)")
        }
    }
}

/// The comparisons of Go's templates: basic kinds only, signed and unsigned integers with each other, nothing else
/// mixed.
enum GoComparison {
    private enum Kind: Equatable {
        case boolean(Bool), signed(Int64), unsigned(UInt64), float(Double), string(String), missing
    }

    static func areEqual(_ left: TemplateValue, _ right: TemplateValue) throws(TemplateError) -> Bool {
        switch (try kind(left), try kind(right)) {
        case (.boolean(let left), .boolean(let right)): return left == right
        case (.signed(let left), .signed(let right)): return left == right
        case (.unsigned(let left), .unsigned(let right)): return left == right
        case (.signed(let left), .unsigned(let right)): return left == right
        case (.unsigned(let left), .signed(let right)): return left == right
        case (.float(let left), .float(let right)): return left == right
        case (.string(let left), .string(let right)): return left.utf8.elementsEqual(right.utf8)
        case (.missing, .missing): return true
        case (.missing, _), (_, .missing): return false
        default: throw TemplateError("incompatible types for comparison")
        }
    }

    static func isLess(_ left: TemplateValue, _ right: TemplateValue) throws(TemplateError) -> Bool {
        switch (try kind(left), try kind(right)) {
        case (.signed(let left), .signed(let right)): return left < right
        case (.unsigned(let left), .unsigned(let right)): return left < right
        case (.signed(let left), .unsigned(let right)): return left < right
        case (.unsigned(let left), .signed(let right)): return left < right
        case (.float(let left), .float(let right)): return left < right
        case (.string(let left), .string(let right)): return left.utf8.lexicographicallyPrecedes(right.utf8)
        case (.boolean, _), (.missing, _): throw TemplateError("invalid type for comparison")
        default: throw TemplateError("incompatible types for comparison")
        }
    }

    static func isLessOrEqual(_ left: TemplateValue, _ right: TemplateValue) throws(TemplateError) -> Bool {
        if try isLess(left, right) { return true }
        return try areEqual(left, right)
    }

    private static func kind(_ value: TemplateValue) throws(TemplateError) -> Kind {
        switch value {
        case .boolean(let value): return .boolean(value)
        case .integer(let value, _), .named(let value, _, _), .duration(let value): return .signed(value)
        case .unsigned(let value, _): return .unsigned(value)
        case .float(let value): return .float(value)
        case .string(let value): return .string(value)
        case .none, .nil: return .missing
        default: throw TemplateError("non-comparable type \(value.shown): \(value.typeName)")
        }
    }
}
