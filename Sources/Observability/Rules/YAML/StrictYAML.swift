import Yams

/// A place in a YAML file; both numbers count from 1.
public struct YAMLPosition: Hashable, Sendable, CustomStringConvertible {
    /// The line.
    public let line: Int
    /// Counted in Unicode scalars.
    public let column: Int

    /// Makes a position; both numbers count from 1.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// The position as `line:column`.
    public var description: String { "\(line):\(column)" }
}

/// What is wrong with a configuration text, and where.
public struct YAMLProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where the problem is.
    public let position: YAMLPosition
    /// What is wrong, worded as upstream does where it has the same check.
    public let message: String

    /// Makes a problem.
    public init(_ message: String, at position: YAMLPosition) {
        self.message = message
        self.position = position
    }

    /// `line:column: message`; a file name goes before it.
    public var description: String { "\(position): \(message)" }
}

/// The bounds of a configuration text, so that a hostile file cannot exhaust memory or the stack.
public struct YAMLLimits: Sendable {
    /// The greatest size of a file in bytes.
    public var bytesMax = 4 << 20
    /// How deeply collections may nest.
    public var depthMax = 64
    /// The most values a document may have once aliases are followed.
    public var valuesMax = 1_000_000

    /// Makes the limits that configuration files are read with.
    public init() {}
}

/// A YAML value with its place, read strictly: keys are strings and come once, aliases and `<<` merges are resolved.
public struct YAMLValue: Sendable {
    /// What the value is.
    public enum Content: Sendable {
        case null
        /// Any scalar, as it was written (`5m`, `1`, `true`).
        case scalar(String)
        case sequence([YAMLValue])
        case mapping([YAMLEntry])
    }

    /// What was written.
    public let content: Content
    /// Where the value begins.
    public let position: YAMLPosition
    /// Whether it is a scalar that stands in quotes or in a block, and so is text whatever it looks like.
    public var isQuoted = false

    /// Whether nothing was written, or `null`, or `~`.
    public var isNull: Bool { if case .null = content { true } else { false } }

    /// The YAML tag of the value, for messages.
    public var tag: String {
        switch content {
        case .null: "!!null"
        case .scalar: "!!str"
        case .sequence: "!!seq"
        case .mapping: "!!map"
        }
    }
}

/// A key of a mapping with its value.
public struct YAMLEntry: Sendable {
    /// The key; unique in its mapping.
    public let key: String
    /// Where the key stands.
    public let position: YAMLPosition
    /// The value behind the key.
    public let value: YAMLValue
}

/// A YAML file's first document.
public struct YAMLDocument: Sendable {
    /// The document; null when the file is empty.
    public let root: YAMLValue
    /// Whether further documents follow, which are not read.
    public let hasFurtherDocuments: Bool

    /// Reads a text.
    /// - Throws: ``YAMLProblem`` for text that is not YAML, duplicate keys, and what exceeds the limits.
    public init(_ text: String, limits: YAMLLimits = YAMLLimits()) throws(YAMLProblem) {
        let start = YAMLPosition(line: 1, column: 1)
        guard text.utf8.count <= limits.bytesMax else {
            throw YAMLProblem("the file exceeds \(limits.bytesMax) bytes", at: start)
        }
        try YAMLNesting.check(text, limits: limits)
        do {
            let parser = try Parser(yaml: text)
            guard let node = try parser.nextRoot() else {
                root = YAMLValue(content: .null, position: start)
                hasFurtherDocuments = false
                return
            }
            var converter = YAMLConverter(limits: limits)
            root = try converter.convert(node, depth: 0)
            // A fault in a later document does not matter: only the first is read.
            hasFurtherDocuments = ((try? parser.nextRoot()) ?? nil) != nil
        } catch let problem as YAMLProblem {
            throw problem
        } catch let error as YamlError {
            throw YAMLProblem(error)
        } catch {
            throw YAMLProblem("yaml: \(error)", at: start)
        }
    }
}

extension YAMLProblem {
    fileprivate init(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init("yaml: \(problem)", at: YAMLPosition(line: mark.line, column: mark.column))
        case .duplicatedKeysInMapping(let names, let context):
            let position = YAMLPosition(line: context.mark.line, column: context.mark.column)
            let keys = names.map { "\"\($0)\"" }.joined(separator: ", ")
            self.init("yaml: mapping key \(keys) is given more than once", at: position)
        case .reader(let problem, _, _, _):
            self.init("yaml: \(problem)", at: YAMLPosition(line: 1, column: 1))
        default:
            self.init("yaml: \(error)", at: YAMLPosition(line: 1, column: 1))
        }
    }
}
