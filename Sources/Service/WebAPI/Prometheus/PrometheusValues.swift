import APIModel
import Basics
import JSON
import MetricModel
import PromQL

/// Query results as the Prometheus API writes them: `[seconds, "value"]`.
extension JSONWriter {
    mutating func queryData(_ value: QueryValue) {
        object { json in
            switch value {
            case .scalar(let scalar, let timestamp):
                json.member("resultType", "scalar")
                json.key("result")
                json.point(timestamp, scalar)
            case .string(let text, let timestamp):
                json.member("resultType", "string")
                json.key("result")
                json.array { json in
                    json.seconds(timestamp)
                    json.string(text)
                }
            case .vector(let samples):
                json.member("resultType", "vector")
                json.key("result")
                json.array { json in
                    for sample in samples {
                        json.object { json in
                            json.key("metric")
                            json.labels(sample.labels)
                            json.key("value")
                            json.point(sample.timestamp, sample.value)
                        }
                    }
                }
            case .matrix(let matrix):
                json.member("resultType", "matrix")
                json.key("result")
                json.array { json in
                    for series in matrix { json.series(series) }
                }
            }
        }
    }

    mutating func labels(_ labels: Labels) {
        object { json in
            for label in labels { json.member(label.name, label.value) }
        }
    }

    private mutating func series(_ series: Series) {
        object { json in
            json.key("metric")
            json.labels(series.labels)
            json.key("values")
            json.array { json in
                for index in series.values.indices { json.point(series.timestamps[index], series.values[index]) }
            }
        }
    }

    private mutating func point(_ timestamp: Int64, _ value: Double) {
        array { json in
            json.seconds(timestamp)
            json.string(FloatText.decimal(value))
        }
    }

    /// Milliseconds as seconds with at most three decimals, exactly.
    private mutating func seconds(_ milliseconds: Int64) {
        let (whole, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        guard rest != 0 else {
            integer(whole)
            return
        }
        var digits = String(rest.magnitude)
        digits = String(repeating: "0", count: 3 - digits.utf8.count) + digits
        while digits.last == "0" { digits.removeLast() }
        raw("\(milliseconds < 0 ? "-" : "")\(whole.magnitude).\(digits)")
    }
}
