/// The text of one series in the text format 0.0.4.
public enum ExpositionText {
    /// `name{a="b",c="d"} `, with `\`, `"` and newline escaped in values; UTF-8 names are quoted inside the braces.
    public static func prefix(of labels: Labels) -> [UInt8] {
        let name = labels.metricName
        let isPlainName = MetricNames.isLegacyMetricName(name)
        var text: [UInt8] = isPlainName ? Array(name.utf8) : []
        var parts: [[UInt8]] = []
        if !isPlainName && !name.isEmpty { parts.append(quoted(name)) }
        for label in labels where label.name != Label.metricName {
            let key = MetricNames.isLegacyLabelName(label.name) ? Array(label.name.utf8) : quoted(label.name)
            parts.append(key + [UInt8(ascii: "=")] + quoted(label.value))
        }
        if !parts.isEmpty {
            text.append(UInt8(ascii: "{"))
            text.append(contentsOf: parts.joined(separator: [UInt8(ascii: ",")]))
            text.append(UInt8(ascii: "}"))
        }
        text.append(UInt8(ascii: " "))
        return text
    }

    private static func quoted(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "\""):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case UInt8(ascii: "\n"):
                bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
        return bytes
    }
}
