/// A parsed template of Go's `text/template` language with Prometheus' functions; a value that may be expanded by any
/// thread.
///
/// Source: the documentation of Go's package text/template and of Prometheus' template reference. Not supported, and
/// refused when the template is read: the functions `call`, `html` and `js`.
public struct Template: Sendable {
    /// The name used in messages.
    public let name: String
    let text: String
    let definitions: [String: [TemplateNode]]
    let limits: TemplateLimits

    /// Reads a template.
    ///
    /// - Parameters:
    ///   - text: The template as written.
    ///   - name: The name in messages; rules use `__alert_NAME`.
    ///   - variables: Variables that exist from the beginning, with their dollar signs; `$` always exists.
    ///   - limits: The bounds of reading and of each expansion.
    /// - Throws: ``TemplateError`` with name and line.
    public init(
        _ text: String,
        name: String,
        variables: [String] = [],
        limits: TemplateLimits = TemplateLimits()
    ) throws(TemplateError) {
        guard text.utf8.count <= limits.sourceBytesMax else {
            throw TemplateError("template: \(name):1: the template exceeds \(limits.sourceBytesMax) bytes")
        }
        self.name = name
        self.text = text
        self.limits = limits
        var parser = TemplateParser(text, name: name, variables: variables, limits: limits)
        definitions = try parser.parse()
    }

    /// Whether the text has no actions, so that it is its own expansion.
    public var isPlain: Bool { !text.utf8.contains(UInt8(ascii: "{")) }

    /// Expands the template.
    ///
    /// - Parameters:
    ///   - data: The dot, and the variable `$`.
    ///   - variables: The values of the variables named when it was read.
    ///   - context: What the template may ask of the world.
    /// - Returns: The text.
    /// - Throws: ``TemplateError`` as Prometheus words it: `error executing template NAME: …`.
    public func expand(
        _ data: TemplateValue,
        variables: [(name: String, value: TemplateValue)] = [],
        context: TemplateContext
    ) throws(TemplateError) -> String {
        if isPlain { return text }
        var executor = TemplateExecutor(template: self, context: context)
        return try executor.run(data, variables: variables)
    }
}
