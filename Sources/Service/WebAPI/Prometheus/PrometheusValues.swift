import APIModel
import Basics
import JSON
import MetricModel
import PromQL
import Queries

/// Query results as the Prometheus API writes them: `[seconds, "value"]`.
extension JSONWriter {
    /// The member `data` of a query's answer, with what the query cost when that is handed in.
    mutating func queryData(_ value: QueryValue, statistics: QueryAnswer? = nil) {
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
            if let statistics { json.member("stats", QueryStatistics(answer: statistics)) }
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

extension QueryValue {
    /// At most so many series, and whether there were more.
    func limited(to limit: Int?) -> (value: QueryValue, isTruncated: Bool) {
        switch self {
        case .vector(let samples):
            guard let limit, samples.count > limit else { break }
            return (.vector(Array(samples.prefix(limit))), true)
        case .matrix(let series):
            guard let limit, series.count > limit else { break }
            return (.matrix(Array(series.prefix(limit))), true)
        case .scalar, .string: break
        }
        return (self, false)
    }
}

/// What a query cost, as far as it is measured here.
///
/// The names are Prometheus' where the meaning is the same; its `totalQueryableSamples`, which counts a sample again
/// for each step that uses it, is not measured.
private struct QueryStatistics: JSONWritable {
    let answer: QueryAnswer

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("timings")
            json.object { json in
                json.member("execQueueTime", answer.waited.inSeconds)
                json.member("evalTotalTime", answer.evaluated.inSeconds)
                json.member("execTotalTime", (answer.waited + answer.evaluated).inSeconds)
            }
            json.key("samples")
            json.object { json in
                json.member("samplesRead", answer.result.samplesRead)
                json.member("peakSamples", answer.result.samplesPeak)
            }
        }
    }
}
