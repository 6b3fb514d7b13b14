import CYaml

/// A look at the text's events before the library makes nodes of them, by recursion.
///
/// Nodes nest as deep as the text says, aliases included, and keys are hashed whatever they are: both must be bounded
/// before the first node exists, since even letting go of a deep node needs stack.
struct YAMLNesting {
    private struct Anchored {
        /// Collections from this value down to the deepest one below it; 0 for a scalar.
        let height: Int
        /// The size of a scalar.
        let bytes: Int
    }

    private struct Frame {
        let anchor: String?
        /// Whether the next child is a key; nil in a sequence.
        var isAtKey: Bool?
        var height = 1
    }

    private let limits: YAMLLimits
    private var frames: [Frame] = []
    private var anchors: [String: Anchored] = [:]
    private var aliasedKeyBytes = 0
    private var documents = 0

    private init(limits: YAMLLimits) { self.limits = limits }

    /// Refuses text that nests deeper than the limit, has a key that is no scalar, or keys that grow by aliases.
    ///
    /// Text that is no YAML passes as far as it can be read: the library says what is wrong with it.
    static func check(_ text: String, limits: YAMLLimits) throws(YAMLProblem) {
        var nesting = YAMLNesting(limits: limits)
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else {
            throw YAMLProblem("yaml: out of memory", at: YAMLPosition(line: 1, column: 1))
        }
        defer { yaml_parser_delete(&parser) }
        let bytes = Array(text.utf8)
        let problem = bytes.withUnsafeBufferPointer { buffer -> YAMLProblem? in
            // SAFETY: the parser reads the buffer only inside this closure, and only `count` bytes of it.
            yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
            yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
            do throws(YAMLProblem) {
                // Two documents are all that is ever read.
                while nesting.documents < 2, try nesting.takeEvent(of: &parser) {}
                return nil
            } catch {
                return error
            }
        }
        if let problem { throw problem }
    }

    /// Takes the next event; false at the end of what can be read.
    private mutating func takeEvent(of parser: inout yaml_parser_t) throws(YAMLProblem) -> Bool {
        var event = yaml_event_t()
        guard yaml_parser_parse(&parser, &event) == 1 else {
            // The scanner reads ahead, and has a bound of its own for brackets.
            if let problem = parser.problem, String(cString: problem).hasPrefix("Maximum nesting level") {
                throw tooDeep(
                    at: YAMLPosition(
                        line: Int(clamping: parser.problem_mark.line) + 1,
                        column: Int(clamping: parser.problem_mark.column) + 1
                    )
                )
            }
            return false
        }
        defer { yaml_event_delete(&event) }
        let position = YAMLPosition(
            line: Int(clamping: event.start_mark.line) + 1,
            column: Int(clamping: event.start_mark.column) + 1
        )
        switch event.type {
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return false
        case YAML_DOCUMENT_START_EVENT: anchors = [:]
        case YAML_DOCUMENT_END_EVENT: documents += 1
        case YAML_SCALAR_EVENT:
            let scalar = Anchored(height: 0, bytes: Int(clamping: event.data.scalar.length))
            if let name = Self.text(event.data.scalar.anchor) { anchors[name] = scalar }
            try takeChild(height: 0, at: position)
        case YAML_ALIAS_EVENT:
            // An unknown one is the library's to refuse.
            let value = Self.text(event.data.alias.anchor).flatMap { anchors[$0] } ?? Anchored(height: 0, bytes: 0)
            if frames.last?.isAtKey == true { try countKey(value, at: position) }
            try takeChild(height: value.height, at: position)
        case YAML_SEQUENCE_START_EVENT: try open(Self.text(event.data.sequence_start.anchor), nil, at: position)
        case YAML_MAPPING_START_EVENT: try open(Self.text(event.data.mapping_start.anchor), true, at: position)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: close()
        default: break
        }
        return true
    }

    private mutating func open(_ anchor: String?, _ isAtKey: Bool?, at position: YAMLPosition) throws(YAMLProblem) {
        try takeChild(height: 1, at: position)
        frames.append(Frame(anchor: anchor, isAtKey: isAtKey))
        // The anchor means nothing inside its own value.
        if let anchor { anchors[anchor] = nil }
    }

    private mutating func close() {
        guard let frame = frames.popLast() else { return }
        if let anchor = frame.anchor { anchors[anchor] = Anchored(height: frame.height, bytes: 0) }
        if let last = frames.indices.last { frames[last].height = max(frames[last].height, frame.height + 1) }
    }

    private mutating func takeChild(height: Int, at position: YAMLPosition) throws(YAMLProblem) {
        guard frames.count + height <= limits.depthMax else {
            throw tooDeep(at: position)
        }
        guard let last = frames.indices.last else { return }
        if let isAtKey = frames[last].isAtKey {
            if isAtKey, height > 0 { throw YAMLProblem("yaml: a key must be a string", at: position) }
            frames[last].isAtKey = !isAtKey
        }
        frames[last].height = max(frames[last].height, height + 1)
    }

    private func tooDeep(at position: YAMLPosition) -> YAMLProblem {
        YAMLProblem("yaml: nested more than \(limits.depthMax) deep", at: position)
    }

    /// A long text that is a key many times is hashed as often.
    private mutating func countKey(_ value: Anchored, at position: YAMLPosition) throws(YAMLProblem) {
        aliasedKeyBytes += value.bytes
        guard aliasedKeyBytes <= limits.bytesMax else {
            throw YAMLProblem("yaml: keys made of aliases exceed \(limits.bytesMax) bytes", at: position)
        }
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }
}
