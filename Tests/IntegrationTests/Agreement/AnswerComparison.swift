/// Compares the answers of two servers to one query.
enum AnswerComparison {
    /// The largest difference of two values that count as equal, as a share of the larger one.
    static let tolerance = 1e-9

    /// What the answers differ in; nil when they agree.
    static func difference(_ ours: PrometheusAPI.Answer, _ theirs: PrometheusAPI.Answer) -> String? {
        if !ours.error.isEmpty || !theirs.error.isEmpty {
            return ours.error.isEmpty == theirs.error.isEmpty ? nil : "ours: \(ours.error); theirs: \(theirs.error)"
        }
        if ours.type != theirs.type { return "type \(ours.type), not \(theirs.type)" }
        let missing = Set(theirs.series.keys).subtracting(ours.series.keys).sorted()
        let excess = Set(ours.series.keys).subtracting(theirs.series.keys).sorted()
        if !missing.isEmpty || !excess.isEmpty {
            return "\(missing.count) series missing \(missing.prefix(1)), \(excess.count) too many \(excess.prefix(1))"
        }
        for (key, points) in ours.series.sorted(by: { $0.key < $1.key }) {
            let others = theirs.series[key] ?? []
            if points.map(\.milliseconds) != others.map(\.milliseconds) {
                return "{\(key)}: \(points.count) points at other times than the \(others.count)"
            }
            for (point, other) in zip(points, others) where !isNear(point.value, other.value) {
                return "{\(key)} at \(point.milliseconds): \(point.value), not \(other.value)"
            }
        }
        return nil
    }

    static func isNear(_ left: Double, _ right: Double) -> Bool {
        if left == right || (left.isNaN && right.isNaN) { return true }
        return (left - right).magnitude <= tolerance * max(left.magnitude, right.magnitude)
    }
}
