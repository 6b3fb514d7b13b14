/// Reads the text of a ``CronExpression``, in one pass.
struct CronReader {
    /// The values that one field names.
    struct Field {
        var values: UInt64 = 0
        /// Whether one of its items is `*`, with or without a step.
        var hasStar = false
        /// Where it stands, from 1.
        let column: Int
    }

    /// What a field may hold.
    private struct Kind {
        let name: String
        let range: ClosedRange<Int>
        /// What `*` stands for.
        let all: ClosedRange<Int>
        /// Words for the values from the first one on.
        var words: [String] = []
    }

    private static let kinds = [
        Kind(name: "minute", range: 0...59, all: 0...59),
        Kind(name: "hour", range: 0...23, all: 0...23),
        Kind(name: "day of the month", range: 1...31, all: 1...31),
        Kind(
            name: "month",
            range: 1...12,
            all: 1...12,
            words: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        ),
        Kind(
            name: "day of the week",
            range: 0...7,
            all: 0...6,
            words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
        ),
    ]

    private static let macros = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    /// The text without space around it.
    let written: String
    private var bytes: [UInt8]
    private var position: Int

    init(_ text: String) throws(CronSyntaxError) {
        bytes = Array(text.utf8)
        position = bytes.prefix { Self.isSpace($0) }.count
        let end = bytes.lastIndex { !Self.isSpace($0) }.map { $0 + 1 } ?? 0
        guard position < end else { throw CronSyntaxError(column: 1, "there is no expression") }
        guard bytes.count <= CronExpression.lengthMax else {
            throw CronSyntaxError(
                column: CronExpression.lengthMax + 1,
                "an expression has at most \(CronExpression.lengthMax) characters"
            )
        }
        written = String(decoding: bytes[position..<end], as: UTF8.self)
        bytes.removeSubrange(end...)
    }

    /// The five fields.
    mutating func fields() throws(CronSyntaxError) -> [Field] {
        if bytes[position] == UInt8(ascii: "@") { try expandMacro() }
        var fields: [Field] = []
        for kind in Self.kinds {
            skipSpace()
            guard position < bytes.count else { throw fault("the field of the \(kind.name) is missing") }
            fields.append(try field(kind))
        }
        skipSpace()
        guard position == bytes.count else { throw fault("there are five fields, and this is one more") }
        return fields
    }

    private mutating func expandMacro() throws(CronSyntaxError) {
        let name = String(decoding: bytes[position...], as: UTF8.self).lowercased()
        guard let meaning = Self.macros[name] else {
            throw fault("there is no such macro; there are \(Self.macros.keys.sorted().joined(separator: ", "))")
        }
        (bytes, position) = (Array(meaning.utf8), 0)
    }

    private mutating func field(_ kind: Kind) throws(CronSyntaxError) -> Field {
        var field = Field(column: position + 1)
        repeat { try readItem(kind, into: &field) } while skip(",")
        guard position == bytes.count || Self.isSpace(bytes[position]) else {
            throw fault("unexpected in the field of the \(kind.name)")
        }
        return field
    }

    private mutating func readItem(_ kind: Kind, into field: inout Field) throws(CronSyntaxError) {
        let start = position
        var (low, high) = (kind.all.lowerBound, kind.all.upperBound)
        var isRange = true
        if skip("*") {
            field.hasStar = true
        } else {
            low = try value(kind)
            high = low
            isRange = skip("-")
            if isRange { high = try value(kind) }
            // Sunday ends a week as well as it begins one.
            if isRange, kind.range.upperBound == 7, high == 0, low > 0 { high = 7 }
            guard low <= high else { throw fault("the range goes backwards", at: start) }
        }
        var step = 1
        if skip("/") {
            guard isRange else { throw fault("a step stands behind * or a range only", at: position - 1) }
            let place = position
            step = try number("the step")
            guard (1...kind.range.upperBound).contains(step) else {
                throw fault("the step must be from 1 to \(kind.range.upperBound)", at: place)
            }
        }
        let isWeekday = kind.range.upperBound == 7
        for value in stride(from: low, through: high, by: step) {
            field.values |= 1 << UInt64(isWeekday && value == 7 ? 0 : value)
        }
    }

    /// A number or a word.
    private mutating func value(_ kind: Kind) throws(CronSyntaxError) -> Int {
        let start = position
        if !kind.words.isEmpty, position < bytes.count, Self.isLetter(bytes[position]) {
            while position < bytes.count, Self.isLetter(bytes[position]) { position += 1 }
            let word = String(decoding: bytes[start..<position], as: UTF8.self).lowercased()
            guard let index = kind.words.firstIndex(of: word) else {
                throw fault(
                    "there is no such \(kind.name); the names are \(kind.words.joined(separator: ", "))",
                    at: start
                )
            }
            return kind.range.lowerBound + index
        }
        let number = try number("the \(kind.name)")
        guard kind.range.contains(number) else {
            let (low, high) = (kind.range.lowerBound, kind.range.upperBound)
            throw fault("the \(kind.name) must be from \(low) to \(high)", at: start)
        }
        return number
    }

    /// Some digits; more than four are a number that no field has.
    private mutating func number(_ what: String) throws(CronSyntaxError) -> Int {
        let start = position
        var number = 0
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
            number = min(number * 10 + Int(bytes[position] - 0x30), 9999)
            position += 1
        }
        guard position > start else { throw fault("\(what) is expected") }
        return number
    }

    private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: scalar) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
    }

    private func fault(_ reason: String, at place: Int? = nil) -> CronSyntaxError {
        CronSyntaxError(column: (place ?? position) + 1, reason)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) }
}
