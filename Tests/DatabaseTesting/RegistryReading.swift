package import Instruments
internal import MetricModel

extension Registry {
    /// What one series reads now: the first of its name with these labels; nil when there is none.
    package func value(of name: String, _ labels: [String: String] = [:]) -> Double? {
        for family in snapshot().families {
            for (series, value) in zip(family.series, family.values) where series.labels["__name__"] == name {
                if labels.allSatisfy({ series.labels[$0.key] == $0.value }) { return value }
            }
        }
        return nil
    }
}
