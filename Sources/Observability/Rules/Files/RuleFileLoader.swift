public import Basics
import MetricModel
public import PromQL

/// Reads rule files as Prometheus 3.x does, and says everything that is wrong with one.
public struct RuleFileLoader: Sendable {
    /// Which names are accepted for labels, annotations and recorded metrics.
    public enum NameScheme: Sendable {
        /// Any text that is not empty.
        case utf8
        /// The classic character sets.
        case legacy
    }

    /// Reads a PromQL expression; what it throws becomes the message `could not parse expression: …`.
    public typealias ExpressionReader = @Sendable (String) throws -> Expression

    let names: NameScheme
    let ignoresUnknownFields: Bool
    let yamlLimits: YAMLLimits
    let templateLimits: TemplateLimits
    let readExpression: ExpressionReader

    /// Makes a loader; `readExpression` parses the rules' expressions and those in templates.
    public init(
        names: NameScheme = .utf8,
        ignoresUnknownFields: Bool = false,
        yamlLimits: YAMLLimits = YAMLLimits(),
        templateLimits: TemplateLimits = TemplateLimits(),
        readExpression: @escaping ExpressionReader
    ) {
        self.names = names
        self.ignoresUnknownFields = ignoresUnknownFields
        self.yamlLimits = yamlLimits
        self.templateLimits = templateLimits
        self.readExpression = readExpression
    }

    /// Reads a file from a disk.
    /// - Throws: ``RuleFileErrors`` with every error found.
    public func load(_ path: String, from files: some FileSystem) throws(RuleFileErrors) -> RuleFile {
        let bytes: [UInt8]
        do {
            bytes = try files.read(path, bytesMax: yamlLimits.bytesMax)
        } catch {
            throw RuleFileErrors(errors: [RuleFileError(file: path, position: nil, message: error.description)])
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let error = RuleFileError(file: path, position: nil, message: "yaml: invalid UTF-8")
            throw RuleFileErrors(errors: [error])
        }
        return try load(text: text, path: path)
    }

    /// Reads a file's text; `path` goes into messages.
    /// - Throws: ``RuleFileErrors`` with every error found.
    public func load(text: String, path: String) throws(RuleFileErrors) -> RuleFile {
        let document: YAMLDocument
        do {
            document = try YAMLDocument(text, limits: yamlLimits)
        } catch {
            throw RuleFileErrors(
                errors: [RuleFileError(file: path, position: error.position, message: error.message)]
            )
        }
        var reader = RuleFileReader(loader: self, path: path)
        let groups = reader.groups(document.root)
        guard reader.errors.isEmpty else { throw RuleFileErrors(errors: reader.errors) }
        return RuleFile(path: path, text: text, groups: groups, hasFurtherDocuments: document.hasFurtherDocuments)
    }
}
