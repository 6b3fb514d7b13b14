extension JSONValue {
    /// Reads one JSON document (RFC 8259), strictly: no byte order mark, no duplicate names, no text after it.
    /// - Throws: ``JSONSyntaxError`` with the place of the first fault.
    package init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONSyntaxError) {
        guard bytes.count <= limits.bytesMax else {
            throw JSONSyntaxError(reason: .tooLarge(bytesMax: limits.bytesMax), offset: limits.bytesMax)
        }
        var parser = JSONParser(bytes: bytes, limits: limits)
        self = try parser.document()
    }

    /// Reads one JSON document from text.
    package init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONSyntaxError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }
}

/// A recursive-descent reader; the depth limit bounds the recursion.
struct JSONParser {
    private let bytes: [UInt8]
    private let limits: JSONLimits
    private var position = 0
    private var depth = 0
    private var valuesCount = 0

    init(bytes: [UInt8], limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func document() throws(JSONSyntaxError) -> JSONValue {
        skipSpace()
        guard position < bytes.count else { throw fault(.empty) }
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw fault(.trailingBytes) }
        return value
    }

    private mutating func value() throws(JSONSyntaxError) -> JSONValue {
        valuesCount += 1
        guard valuesCount <= limits.valuesMax else { throw fault(.tooManyValues(valuesMax: limits.valuesMax)) }
        switch try peek() {
        case UInt8(ascii: "{"): return try nested { (parser) throws(JSONSyntaxError) in .object(try parser.object()) }
        case UInt8(ascii: "["): return try nested { (parser) throws(JSONSyntaxError) in .array(try parser.array()) }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .boolean(true))
        case UInt8(ascii: "f"): return try literal("false", .boolean(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default: throw fault(.unexpectedByte)
        }
    }

    private mutating func nested(
        _ read: (inout JSONParser) throws(JSONSyntaxError) -> JSONValue
    ) throws(JSONSyntaxError) -> JSONValue {
        guard depth < limits.depthMax else { throw fault(.tooDeep(depthMax: limits.depthMax)) }
        depth += 1
        position += 1
        let value = try read(&self)
        depth -= 1
        return value
    }

    /// Reads a part that stands under `token`; only a fault needs to know that.
    private mutating func within(
        _ token: @autoclosure () -> String,
        _ read: (inout JSONParser) throws(JSONSyntaxError) -> JSONValue
    ) throws(JSONSyntaxError) -> JSONValue {
        do throws(JSONSyntaxError) { return try read(&self) } catch { throw error.inside(token()) }
    }

    private mutating func array() throws(JSONSyntaxError) -> [JSONValue] {
        var values: [JSONValue] = []
        skipSpace()
        if try take(UInt8(ascii: "]")) { return values }
        while true {
            skipSpace()
            values.append(try within(String(values.count)) { (parser) throws(JSONSyntaxError) in try parser.value() })
            skipSpace()
            if try take(UInt8(ascii: "]")) { return values }
            try expect(UInt8(ascii: ","))
        }
    }

    private mutating func object() throws(JSONSyntaxError) -> JSONObject {
        var members: [JSONObject.Member] = []
        var names = UniqueNames()
        skipSpace()
        if try take(UInt8(ascii: "}")) { return JSONObject(members: members) }
        while true {
            skipSpace()
            let start = position
            guard try peek() == UInt8(ascii: "\"") else { throw fault(.unexpectedByte) }
            let name = try string()
            let isNew = names.insert(name, among: members)
            let value = try within(JSONPointer.token(name.unicodeScalars)) { (parser) throws(JSONSyntaxError) in
                guard isNew else { throw parser.fault(.duplicateName, at: start) }
                parser.skipSpace()
                try parser.expect(UInt8(ascii: ":"))
                parser.skipSpace()
                return try parser.value()
            }
            members.append(JSONObject.Member(name: name, value: value))
            skipSpace()
            if try take(UInt8(ascii: "}")) { return JSONObject(members: members) }
            try expect(UInt8(ascii: ","))
        }
    }

    private mutating func literal(_ word: String, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
        for byte in word.utf8 { try expect(byte) }
        return value
    }

    private mutating func number() throws(JSONSyntaxError) -> JSONNumber {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        if position < bytes.count, bytes[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits(from: start)
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try digits(from: start)
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            try digits(from: start)
        }
        // A digit here follows a leading zero.
        if position < bytes.count, (48...57).contains(bytes[position]) { throw fault(.invalidNumber, at: start) }
        return JSONNumber(text: String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func digits(from start: Int) throws(JSONSyntaxError) {
        let first = position
        while position < bytes.count, (48...57).contains(bytes[position]) { position += 1 }
        guard position > first else { throw fault(.invalidNumber, at: start) }
    }

    // MARK: Bytes

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0a, 0x0d: position += 1
            default: return
            }
        }
    }

    private func peek() throws(JSONSyntaxError) -> UInt8 {
        guard position < bytes.count else { throw fault(.unexpectedEnd) }
        return bytes[position]
    }

    private mutating func take(_ byte: UInt8) throws(JSONSyntaxError) -> Bool {
        guard try peek() == byte else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ byte: UInt8) throws(JSONSyntaxError) {
        guard try take(byte) else { throw fault(.unexpectedByte) }
    }

    private func fault(_ reason: JSONSyntaxError.Reason, at offset: Int? = nil) -> JSONSyntaxError {
        JSONSyntaxError(reason: reason, offset: offset ?? position)
    }

    // MARK: Strings

    private mutating func string() throws(JSONSyntaxError) -> String {
        position += 1
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let text = try text(bytes[start..<position], at: start)
                position += 1
                return text
            case UInt8(ascii: "\\"):
                return try escapedString(from: start)
            case 0..<0x20:
                throw fault(.controlCharacter)
            default:
                position += 1
            }
        }
        throw fault(.unexpectedEnd)
    }

    /// The slower way, from the first escape on.
    private mutating func escapedString(from start: Int) throws(JSONSyntaxError) -> String {
        var content = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return try text(content[...], at: start)
            case UInt8(ascii: "\\"): try appendEscape(to: &content)
            case 0..<0x20: throw fault(.controlCharacter, at: position - 1)
            default: content.append(byte)
            }
        }
        throw fault(.unexpectedEnd)
    }

    private mutating func appendEscape(to content: inout [UInt8]) throws(JSONSyntaxError) {
        let byte = try peek()
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0c)
        case UInt8(ascii: "n"): content.append(0x0a)
        case UInt8(ascii: "r"): content.append(0x0d)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"): content.append(contentsOf: String(Character(try unicodeEscape())).utf8)
        default: throw fault(.invalidEscape, at: position - 2)
        }
    }

    private mutating func unicodeEscape() throws(JSONSyntaxError) -> Unicode.Scalar {
        let start = position - 2
        let unit = try hexUnit(start)
        if let scalar = Unicode.Scalar(unit) { return scalar }
        // A surrogate: valid only as the first of a pair.
        guard unit < 0xdc00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { throw fault(.invalidEscape, at: start) }
        position += 2
        let second = try hexUnit(start)
        guard (0xdc00...0xdfff).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xd800) << 10 + (UInt32(second) - 0xdc00))
        else { throw fault(.invalidEscape, at: start) }
        return scalar
    }

    private mutating func hexUnit(_ start: Int) throws(JSONSyntaxError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch try peek() {
            case let byte where (48...57).contains(byte): digit = byte - 48
            case let byte where (65...70).contains(byte): digit = byte - 55
            case let byte where (97...102).contains(byte): digit = byte - 87
            default: throw fault(.invalidEscape, at: start)
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }

    private func text(_ slice: ArraySlice<UInt8>, at start: Int) throws(JSONSyntaxError) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else { throw fault(.invalidUTF8, at: start) }
        return text
    }
}

/// Finds a repeated name: by looking at the few before it, and by hashing once there are many.
private struct UniqueNames {
    private var names: Set<String> = []
    private static let linearMax = 16

    mutating func insert(_ name: String, among members: [JSONObject.Member]) -> Bool {
        if members.count < Self.linearMax { return !members.contains { $0.name == name } }
        if names.isEmpty { names = Set(members.map(\.name)) }
        return names.insert(name).inserted
    }
}
