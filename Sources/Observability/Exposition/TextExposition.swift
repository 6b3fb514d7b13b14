public import MetricModel

/// Writes the text format 0.0.4, which every Prometheus server reads.
public enum TextExposition {
    /// The value of the `Content-Type` header.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Appends all families that have series: help (when there is some), type, one line a series.
    ///
    /// Complexity: linear in the output; the identities' rendered text is copied, nothing is escaped but help.
    public static func encode(_ snapshot: RegistrySnapshot, into output: inout [UInt8]) {
        for family in snapshot.families where !family.series.isEmpty { encode(family, into: &output) }
    }

    /// Appends one family.
    public static func encode(_ family: FamilySnapshot, into output: inout [UInt8]) {
        let metadata = family.metadata
        if !metadata.help.isEmpty {
            output.append(contentsOf: "# HELP ".utf8)
            appendName(metadata.name, to: &output)
            output.append(UInt8(ascii: " "))
            appendHelp(metadata.help, to: &output)
            output.append(UInt8(ascii: "\n"))
        }
        output.append(contentsOf: "# TYPE ".utf8)
        appendName(metadata.name, to: &output)
        output.append(UInt8(ascii: " "))
        output.append(contentsOf: metadata.type.rawValue.utf8)
        output.append(UInt8(ascii: "\n"))
        appendLines(of: family, to: &output)
    }

    /// Appends a line a series, through a pointer: the hot loop of a scrape.
    private static func appendLines(of family: FamilySnapshot, to output: inout [UInt8]) {
        let list = family.list
        let bytesMax = list.prefixes.count + family.values.count * (NumberText.lengthMax + 1)
        output.append(addingCapacity: bytesMax) { span in
            unsafe span.withUnsafeMutableBufferPointer { buffer, count in
                unsafe list.prefixes.withUnsafeBufferPointer { prefixes in
                    var begin = 0
                    for (end, value) in zip(list.prefixEnds, family.values) {
                        // SAFETY: the buffer has room for all prefixes, and for a number and a line break a series.
                        let line = unsafe UnsafeMutableBufferPointer(rebasing: buffer[count...])
                        _ = unsafe line.update(fromContentsOf: prefixes[begin..<end])
                        let length = unsafe NumberText.write(value, to: line, at: end - begin)
                        unsafe line[length] = UInt8(ascii: "\n")
                        count += length + 1
                        begin = end
                    }
                }
            }
        }
    }

    /// Appends a family's name, in quotes when it needs them.
    static func appendName(_ name: String, to output: inout [UInt8]) {
        if MetricNames.isLegacyMetricName(name) {
            output.append(contentsOf: name.utf8)
            return
        }
        output.append(UInt8(ascii: "\""))
        for byte in name.utf8 {
            if byte == UInt8(ascii: "\"") { output.append(UInt8(ascii: "\\")) }
            appendEscaped(byte, to: &output)
        }
        output.append(UInt8(ascii: "\""))
    }

    private static func appendHelp(_ help: String, to output: inout [UInt8]) {
        for byte in help.utf8 { appendEscaped(byte, to: &output) }
    }

    private static func appendEscaped(_ byte: UInt8, to output: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\\"): output.append(contentsOf: [byte, byte])
        case UInt8(ascii: "\n"): output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
        default: output.append(byte)
        }
    }
}
