import Basics
import JSON

/// A JSON document that may break the rules: names that repeat, numbers that nobody reads, texts with any escape.
indirect enum LooseJSON {
    case raw(String)
    case string(String)
    case array([LooseJSON])
    case object([(name: String, value: LooseJSON)])

    init(_ value: JSONValue) {
        switch value {
        case .null: self = .raw("null")
        case .boolean(let value): self = .raw(value ? "true" : "false")
        case .number(let number): self = .raw(number.text)
        case .string(let text): self = .string(text)
        case .array(let values): self = .array(values.map { LooseJSON($0) })
        case .object(let object): self = .object(object.members.map { ($0.name, LooseJSON($0.value)) })
        }
    }
}

/// Changes JSON bodies a little: most stay valid, the others are wrong in one place.
struct JSONMutator {
    var random: SeededGenerator

    /// What is put where something else stood.
    private static let strangers = [
        "null", "true", "false", "0", "-1", "1", "5", "10", "11", "1.5", "-0", "-0.0", "1e3", "1e-9", "1e308", "1e999",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551616", "1E+2",
        "0.1e1", String(repeating: "9", count: 400), "0." + String(repeating: "0", count: 300) + "1", "\"\"", "\"5\"",
        "[]", "{}", "[null]", "[[]]", #"{"":""}"#, #""\ud800""#, #""\udc00\ud800""#, #""\u0000""#, #""\uFFFF""#, "01",
        "+1", "1.", ".5", "NaN", "Infinity", "nul", "'x'", "\"",
    ]
    private static let oddities = [
        "\u{301}", "\u{200D}", "\u{202E}", "\u{FEFF}", "\u{FFFF}", "\u{10FFFF}", "\u{0}", "\u{7F}", "\u{85}",
        "\u{2028}",
        "é", "e\u{301}", "ß", "İ", "ﬁ", "研究", "👩‍🔬", "🇪🇺", "ﷺ", "\t", "\n", " ", "'", "\"", "\\", "%", "_", "*", "<b>",
        "--", ";", "${x}", "{{.}}", "../", "NULL", "-", ".", "/", "~0", "~1", "@", "a", "Z", "0",
    ]

    /// A mutated body: one or two changes of the values, seldom some of the bytes too.
    mutating func mutated(_ body: String) -> [UInt8] {
        guard let value = try? JSONValue(parsing: body) else { return Array(body.utf8) }
        var tree = LooseJSON(value)
        for _ in 0..<(chance(4) ? 2 : 1) { tree = changed(tree, depth: 0) }
        var bytes: [UInt8] = []
        let isPlain = !chance(4)
        write(tree, into: &bytes, isPlain: isPlain)
        if chance(8) { damage(&bytes) }
        return bytes
    }

    // MARK: Values

    /// Goes down to a random place, and changes what is there.
    private mutating func changed(_ tree: LooseJSON, depth: Int) -> LooseJSON {
        switch tree {
        case .object(var members):
            if members.isEmpty || chance(3) { return .object(changedMembers(members, depth: depth)) }
            let index = Int.random(in: members.indices, using: &random)
            members[index].value = changed(members[index].value, depth: depth + 1)
            return .object(members)
        case .array(var values):
            if values.isEmpty || chance(2) { return .array(changedElements(values)) }
            let index = Int.random(in: values.indices, using: &random)
            values[index] = changed(values[index], depth: depth + 1)
            return .array(values)
        case .string(let text): return chance(6) ? stranger() : .string(changed(text))
        case .raw(let text): return chance(4) ? stranger() : .raw(changedNumber(text))
        }
    }

    private mutating func changedMembers(
        _ members: [(name: String, value: LooseJSON)],
        depth: Int
    ) -> [(name: String, value: LooseJSON)] {
        var members = members
        guard let index = members.indices.randomElement(using: &random) else { return [("x", stranger())] }
        switch Int.random(in: 0..<8, using: &random) {
        case 0: members.remove(at: index)
        case 1, 2, 3: members.shuffle(using: &random)
        case 4: members.append((members[index].name, chance(2) ? members[index].value : stranger()))
        case 5: members[index].name = changed(members[index].name)
        case 6: members[index].value = nested(members[index].value)
        default:
            // Below the top most objects take any name.
            members.append(
                (chance(2) ? "k\(UInt8.random(in: 0...255, using: &random))" : pick(Self.oddities), stranger())
            )
        }
        return members
    }

    private mutating func changedElements(_ values: [LooseJSON]) -> [LooseJSON] {
        var values = values
        guard let index = values.indices.randomElement(using: &random) else { return [stranger()] }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: values.remove(at: index)
        case 1: values.append(values[index])
        case 2: values.append(stranger())
        case 3: values = (0..<Int.random(in: 1...150, using: &random)).map { .string("v\($0)") }
        default: values.shuffle(using: &random)
        }
        return values
    }

    private mutating func stranger() -> LooseJSON { .raw(pick(Self.strangers)) }

    private mutating func nested(_ value: LooseJSON) -> LooseJSON {
        let depth = pick([1, 2, 7, 20, 63, 64, 65, 500])
        let isArray = chance(2)
        return (0..<depth).reduce(value) { inner, _ in isArray ? .array([inner]) : .object([("n", inner)]) }
    }

    private mutating func changed(_ text: String) -> String {
        var scalars = Array(text.unicodeScalars)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return pick(Self.oddities)
        case 1: return String(repeating: text.isEmpty ? "x" : text, count: pick([2, 3, 10, 300]))
        case 2: return text.uppercased()
        case 3, 4:
            if let index = scalars.indices.randomElement(using: &random) { scalars.remove(at: index) }
        case 5, 6:
            if let index = scalars.indices.randomElement(using: &random) { scalars.insert(scalars[index], at: index) }
        case 7:
            let index = Int.random(in: 0...scalars.count, using: &random)
            scalars.insert(contentsOf: pick(Self.oddities).unicodeScalars, at: index)
        default: return text + pick(["a", "b", "x7", "-z", "_q", "0"])
        }
        return String(String.UnicodeScalarView(scalars))
    }

    private mutating func changedNumber(_ text: String) -> String {
        guard let number = Int(text) else { return chance(2) ? text : pick(Self.strangers) }
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1: return String(number &+ 1)
        case 2: return String(number &- 1)
        case 3: return "\(number).0"
        case 4: return "\(number)e0"
        default: return String(number &* 10)
        }
    }

    // MARK: Bytes

    private mutating func write(_ tree: LooseJSON, into bytes: inout [UInt8], isPlain: Bool) {
        func space() {
            guard !isPlain else { return }
            bytes += [0x20, 0x0a, 0x0d, 0x09].prefix(Int.random(in: 0...2, using: &random))
        }
        space()
        switch tree {
        case .raw(let text): bytes += Array(text.utf8)
        case .string(let text): write(text, into: &bytes, isPlain: isPlain)
        case .array(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                write(value, into: &bytes, isPlain: isPlain)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                write(member.name, into: &bytes, isPlain: isPlain)
                bytes.append(UInt8(ascii: ":"))
                write(member.value, into: &bytes, isPlain: isPlain)
            }
            bytes.append(UInt8(ascii: "}"))
        }
        space()
    }

    private mutating func write(_ text: String, into bytes: inout [UInt8], isPlain: Bool) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            if !isPlain && chance(3) || scalar.value < 0x20 || scalar == "\"" || scalar == "\\" {
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    bytes += Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
                }
            } else {
                bytes += Array(String(scalar).utf8)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Changes bytes whatever they mean.
    mutating func damage(_ bytes: inout [UInt8]) {
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let position = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0 where position < bytes.count: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1 where position < bytes.count: bytes[position] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: position)
            case 3: bytes.removeSubrange(position..<min(bytes.count, position + 4))
            case 4: bytes.insert(contentsOf: bytes.suffix(from: min(position, bytes.count)).prefix(8), at: position)
            default: bytes.removeLast(min(bytes.count, Int.random(in: 0...6, using: &random)))
            }
        }
    }

    // MARK: Chance

    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    mutating func pick<Value>(_ values: [Value]) -> Value { values[Int.random(in: values.indices, using: &random)] }
}
