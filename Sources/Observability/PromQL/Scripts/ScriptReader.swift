import Basics
import MetricModel
import RegularExpressions

/// Cuts a script into commands and reads them.
struct ScriptReader {
    private let lines: [String]
    private var position = 0

    init(_ text: String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let trimmed = Self.trimmed(line)
            return trimmed.hasPrefix("#") ? "" : trimmed
        }
    }

    /// The next command with its line, or what is wrong with it; nil at the end.
    mutating func next() -> (line: Int, command: Result<ScriptCommand, ScriptError>)? {
        while position < lines.count && lines[position].isEmpty { position += 1 }
        guard position < lines.count else { return nil }
        let line = position + 1
        do throws(ScriptError) {
            return (line, .success(try command()))
        } catch {
            return (line, .failure(error))
        }
    }

    private mutating func command() throws(ScriptError) -> ScriptCommand {
        let head = lines[position]
        position += 1
        let word = Self.words(head)[0].lowercased()
        if word == "clear" { return .clear }
        if word.hasPrefix("load") { return .load(try load(head, block())) }
        if word.hasPrefix("eval") { return .eval(try eval(head)) }
        // The rest of the block belongs to nothing.
        _ = block()
        throw ScriptError("invalid command \(QuotedText.quote(head))")
    }

    private mutating func block() -> [String] {
        var block: [String] = []
        while position < lines.count && !lines[position].isEmpty {
            block.append(lines[position])
            position += 1
        }
        return block
    }

    private func load(_ head: String, _ block: [String]) throws(ScriptError) -> ScriptLoad {
        let words = Self.words(head)
        guard words.count == 2, words[0] == "load" || words[0] == "load_with_nhcb",
            let gap = PrometheusDuration.milliseconds(parsing: words[1])
        else { throw ScriptError("invalid load command \(QuotedText.quote(head)), must be: load <duration>") }
        return ScriptLoad(gap: gap, makesHistograms: words[0] == "load_with_nhcb", lines: block)
    }

    private mutating func eval(_ head: String) throws(ScriptError) -> ScriptEval {
        var eval: ScriptEval
        do throws(ScriptError) {
            eval = try EvalHeads.read(head)
        } catch {
            _ = block()
            throw error
        }
        // The block is read through also when a line of it is wrong.
        var problem: ScriptError?
        while position < lines.count && !lines[position].isEmpty {
            let line = lines[position]
            position += 1
            do throws(ScriptError) {
                if try !EvalLines.read(line, into: &eval) { break }
            } catch {
                problem = problem ?? error
            }
        }
        if let problem { throw problem }
        if eval.warnings.isNoneWanted && !eval.warnings.wanted.isEmpty {
            throw ScriptError("invalid expect lines, warn and no_warn cannot be used together")
        }
        if eval.infos.isNoneWanted && !eval.infos.wanted.isEmpty {
            throw ScriptError("invalid expect lines, info and no_info cannot be used together")
        }
        return eval
    }

    static func trimmed(_ text: some StringProtocol) -> String {
        let isBlank: (UInt8) -> Bool = { $0 == 32 || (9...13).contains($0) }
        let bytes = Array(text.utf8)
        guard let first = bytes.firstIndex(where: { !isBlank($0) }),
            let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }

    static func words(_ line: String) -> [String] {
        line.utf8.split { $0 == 32 || $0 == 9 }.map { String($0) ?? "" }
    }
}

/// A regular expression that a script's lines are matched with.
struct LinePattern: Sendable {
    private let expression: RegularExpression?

    init(_ pattern: String) { expression = try? RegularExpression(pattern) }

    /// The groups of a match, empty where one took no part; nil when the line does not match.
    func groups(in line: String) -> [String]? {
        guard let match = expression?.firstMatch(in: line) else { return nil }
        let bytes = Array(line.utf8)
        return match.captures.map { range in range.map { String(decoding: bytes[$0], as: UTF8.self) } ?? "" }
    }
}

/// The first lines of `eval` commands.
enum EvalHeads {
    private static let instant = LinePattern(
        #"^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(.+?))?\s+(.+)$"#
    )
    private static let range = LinePattern(
        #"^eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)$"#
    )

    static func read(_ line: String) throws(ScriptError) -> ScriptEval {
        var eval: ScriptEval
        let suffix: String
        if let groups = instant.groups(in: line) {
            suffix = groups[1]
            let time = groups[2].isEmpty ? 0 : try duration(groups[2])
            eval = ScriptEval(query: groups[3], time: .instant(time))
        } else if let groups = range.groups(in: line) {
            suffix = groups[1]
            let start = try duration(groups[2])
            let end = try duration(groups[3])
            let step = try duration(groups[4])
            if end < start { throw ScriptError("invalid test definition: end is before start") }
            if step <= 0 { throw ScriptError("invalid step \(groups[4])") }
            eval = ScriptEval(query: groups[5], time: .range(start: start, end: end, step: step))
        } else {
            throw ScriptError("invalid eval command \(QuotedText.quote(line))")
        }
        switch suffix {
        case "fail": eval.failure = .anything
        case "warn": eval.warnings.wanted.append(.anything)
        case "info": eval.infos.wanted.append(.anything)
        case "ordered": eval.isOrdered = true
        default: break
        }
        return eval
    }

    static func duration(_ text: String) throws(ScriptError) -> Int64 {
        guard let duration = PrometheusDuration.milliseconds(parsing: text) else {
            throw ScriptError("invalid duration \(QuotedText.quote(text))")
        }
        return duration
    }
}

/// The lines below `eval`.
enum EvalLines {
    private static let rangeVector = LinePattern(
        #"^expect\s+range\s+vector\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)$"#
    )
    private static let string = LinePattern(#"^expect\s+string\s+(.+)$"#)
    private static let expectation = LinePattern(
        #"^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$"#
    )
    private static let deprecated = LinePattern(#"^expected_fail_(message|regexp)\s+(.+)$"#)

    /// Reads a line; false when it ends the block.
    static func read(_ line: String, into eval: inout ScriptEval) throws(ScriptError) -> Bool {
        if ScriptReader.words(line)[0] == "expect" {
            try readExpectation(line, into: &eval)
            return true
        }
        if eval.failure != nil, let groups = deprecated.groups(in: line) {
            eval.failure = groups[1] == "message" ? .text(groups[2]) : try pattern(groups[2])
            return false
        }
        if let number = ScriptNumber.parse(line) {
            eval.scalar = number
            return false
        }
        let series = try ScriptSeries(line)
        if case .instant = eval.time, eval.rangeVector == nil, !series.isHistogram, series.points.count != 1 {
            throw ScriptError("expecting only one point for an instant query, got \(series.points.count)")
        }
        eval.series.append(series)
        return true
    }

    private static func readExpectation(_ line: String, into eval: inout ScriptEval) throws(ScriptError) {
        if let groups = rangeVector.groups(in: line) {
            let start = try EvalHeads.duration(groups[1])
            let end = try EvalHeads.duration(groups[2])
            let step = try EvalHeads.duration(groups[3])
            if end < start || step <= 0 { throw ScriptError("invalid range vector definition") }
            eval.rangeVector = (start, end, step)
            return
        }
        if let groups = string.groups(in: line) {
            guard let text = ScriptNumber.unquoted(groups[1]) else {
                throw ScriptError("expected string literal not valid - check that the string is correctly quoted")
            }
            eval.string = text
            return
        }
        guard let groups = expectation.groups(in: line) else {
            throw ScriptError("invalid expect statement, must match `expect <type> <match_type>: <string>` format")
        }
        let text = ScriptReader.trimmed(groups[3])
        let wanted: ScriptExpectation =
            groups[2] == "regex" ? try pattern(text) : groups[2] == "msg" ? .text(text) : .anything
        switch groups[1] {
        case "ordered": eval.isOrdered = true
        case "fail":
            if eval.hasFailLine {
                throw ScriptError("invalid expect lines, multiple expect fail lines are not allowed")
            }
            eval.failure = wanted
            eval.hasFailLine = true
        case "warn": eval.warnings.wanted.append(wanted)
        case "info": eval.infos.wanted.append(wanted)
        case "no_warn": eval.warnings.isNoneWanted = true
        default: eval.infos.isNoneWanted = true
        }
    }

    private static func pattern(_ text: String) throws(ScriptError) -> ScriptExpectation {
        do {
            return .pattern(try RegularExpression(text))
        } catch {
            throw ScriptError("invalid regexp '\(text)': \(error)")
        }
    }
}
