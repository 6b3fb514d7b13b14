import Basics
import MetricModel
import PromQL
import Testing

/// A storage of a script's `load` lines: `stored("m{x=\"1\"} 1 2 3", every: 60)`.
func stored(_ lines: String..., every seconds: Int64 = 60) throws -> ScriptStorage {
    var storage = ScriptStorage()
    for line in lines {
        let (labels, values) = try SeriesDescription.parse(line)
        var columns = SeriesColumns(labels: labels, timestamps: [], values: [])
        for (index, value) in values.enumerated() {
            switch value {
            case .float(let number): columns.values.append(number)
            case .stale: columns.values.append(StaleMarker.value)
            case .missing, .histogram: continue
            }
            columns.timestamps.append(Int64(index) * seconds * 1000)
        }
        try storage.append(columns)
    }
    storage.commit()
    return storage
}

/// An expression with everything experimental allowed.
func parsed(_ text: String) throws -> Expression {
    try PromQLParser(options: ScriptOptions.upstream.parser).parse(text)
}

/// Random series of a few names and labels, with gaps, resets, stale markers, NaN and infinity.
func randomStorage(_ generator: inout SeededGenerator) throws -> ScriptStorage {
    var storage = ScriptStorage()
    for name in ["a", "b_total"] {
        for x in 0..<3 {
            for y in 0..<2 where Int.random(in: 0..<5, using: &generator) > 0 {
                var columns = SeriesColumns(
                    labels: ["__name__": name, "x": "\(x)", "y": "\(y)"],
                    timestamps: [],
                    values: []
                )
                var time = Int64.random(in: 0..<60_000, using: &generator)
                var value = Double(Int.random(in: 0..<50, using: &generator))
                while time < 1_800_000 {
                    columns.timestamps.append(time)
                    columns.values.append(randomValue(&value, &generator))
                    time += Int64.random(in: 10_000..<45_000, using: &generator)
                    if Int.random(in: 0..<25, using: &generator) == 0 { time += 400_000 }
                }
                try storage.append(columns)
            }
        }
    }
    storage.commit()
    return storage
}

private func randomValue(_ value: inout Double, _ generator: inout SeededGenerator) -> Double {
    switch Int.random(in: 0..<60, using: &generator) {
    case 0: return StaleMarker.value
    case 1: return .nan
    case 2: return .infinity
    case 3...6: value = 0
    default: value += Double(Int.random(in: 0..<100, using: &generator)) / 8
    }
    return value
}
