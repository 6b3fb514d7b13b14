import MetricModel

/// The dimensions of a library's metric: names and values that are known at run time only.
struct DynamicLabels: Hashable, Sendable {
    let labels: [Label]

    init(_ dimensions: [(String, String)]) {
        var seen: Set<String> = []
        labels = dimensions.map { Label(LibraryMetricName.sanitized($0.0), $0.1) }
            .filter { seen.insert($0.name).inserted }
            .sorted { $0.name < $1.name }
    }

    var names: [String] { labels.map(\.name) }
}

/// The name of a library's metric by the naming guide.
enum LibraryMetricName {
    static func name(_ label: String, suffix: String) -> String {
        let stem = sanitized(label)
        return stem.hasSuffix(suffix) ? stem : stem + suffix
    }

    static func sanitized(_ text: String) -> String {
        var name = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                name.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                name.unicodeScalars.append(Unicode.Scalar(byte + 32))
            default:
                if name.last != "_" { name += "_" }
            }
        }
        let isIdentifier = name.first.map { !$0.isNumber } ?? false
        return isIdentifier ? name : "library_" + name
    }
}
