import Basics
import MetricModel
import RegularExpressions

/// One command of a script.
enum ScriptCommand {
    case clear
    case load(ScriptLoad)
    case eval(ScriptEval)
}

/// A `load` command as written.
struct ScriptLoad {
    /// Milliseconds between two points.
    var gap: Int64
    /// Whether native histograms are to be made of the classic ones.
    var makesHistograms: Bool
    var lines: [String]
}

/// An `eval` command.
struct ScriptEval {
    var query: String
    var time: ScriptTime
    /// The series lines: what the result must hold, in this order.
    var series: [ScriptSeries] = []
    var scalar: Double?
    var string: String?
    /// The grid on which the points of an instant query for a range vector lie.
    var rangeVector: (start: Int64, end: Int64, step: Int64)?
    var isOrdered = false
    var failure: ScriptExpectation?
    /// Whether a line `expect fail` was read.
    var hasFailLine = false
    var warnings = AnnotationExpectation()
    var infos = AnnotationExpectation()
}

/// When a query of a script is evaluated.
enum ScriptTime {
    case instant(Int64)
    case range(start: Int64, end: Int64, step: Int64)
}

/// What a text must be.
enum ScriptExpectation {
    case anything
    case text(String)
    case pattern(RegularExpression)

    func matches(_ text: String) -> Bool {
        switch self {
        case .anything: true
        case .text(let wanted): wanted == text
        case .pattern(let expression): expression.matches(text)
        }
    }
}

/// What annotations of one kind must be there.
struct AnnotationExpectation {
    var wanted: [ScriptExpectation] = []
    var isNoneWanted = false

    /// Why the annotations are not those wanted; nil when they are.
    func complaint(about found: [String], kind: String) -> String? {
        if isNoneWanted { return found.isEmpty ? nil : "unexpected \(kind) annotations: \(found)" }
        if wanted.isEmpty { return nil }
        if found.isEmpty { return "expected \(kind) annotations but none were found" }
        for expectation in wanted where !found.contains(where: expectation.matches) {
            return "expected \(kind) annotation \(expectation) but found: \(found)"
        }
        for text in found where !wanted.contains(where: { $0.matches(text) }) {
            return "unexpected \(kind) annotation: \(text)"
        }
        return nil
    }
}
