/// A template that cannot be read or expanded; the text is worded as Go's `text/template` words it, with name and
/// place.
public struct TemplateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The message, with the template's name and the place.
    public let description: String

    /// Makes an error of a message that is already whole.
    public init(_ description: String) { self.description = description }
}

/// The bounds of a template, so that one in a rule file cannot exhaust memory, time or the stack.
public struct TemplateLimits: Sendable {
    /// The size of a template's text in bytes.
    public var sourceBytesMax = 256 << 10
    /// The size of the expansion in bytes; also of every text computed on the way.
    public var outputBytesMax = 1 << 20
    /// Passes through `range` loops in one expansion.
    public var iterationsMax = 100_000
    /// Steps (nodes, commands, arguments) in one expansion.
    public var stepsMax = 1_000_000
    /// How deeply templates may call each other.
    public var callDepthMax = 100
    /// How deeply blocks and parentheses may nest.
    public var nestingDepthMax = 100
    /// How deeply values may nest in each other: a value is printed and destroyed by recursion.
    public var valueDepthMax = 100
    /// The most texts and values that a `printf` may pad to.
    public var formatWidthMax = 10_000

    /// Makes the limits that rule files are read with.
    public init() {}
}
