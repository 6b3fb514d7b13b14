/// Which names may be written without quotes (the classic character sets of Prometheus).
public enum MetricNames {
    /// Whether a metric name has the classic form `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    public static func isLegacyMetricName(_ name: String) -> Bool {
        isIdentifier(name, allowingColon: true)
    }

    /// Whether a label name has the classic form `[a-zA-Z_][a-zA-Z0-9_]*`.
    public static func isLegacyLabelName(_ name: String) -> Bool {
        isIdentifier(name, allowingColon: false)
    }

    private static func isIdentifier(_ name: String, allowingColon: Bool) -> Bool {
        var isFirst = true
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): break
            case UInt8(ascii: "0")...UInt8(ascii: "9"): if isFirst { return false }
            case UInt8(ascii: ":"): if !allowingColon { return false }
            default: return false
            }
            isFirst = false
        }
        return !isFirst
    }
}
