import Basics

/// The value of the label `le`: as OpenMetrics and Prometheus 3 normalise it (`1.0`, `+Inf`).
enum BucketBoundText {
    static func text(_ bound: Double) -> String {
        let text = FloatText.shortest(bound)
        return text.utf8.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "e") } || !bound.isFinite
            ? text : text + ".0"
    }
}
