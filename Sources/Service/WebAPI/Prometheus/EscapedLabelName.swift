/// Label names in paths: `U__` begins a name whose other characters than letters, digits and `_` are `_HEX_` (UTF-8 escaping of
/// Prometheus 3).
enum EscapedLabelName {
    static func unescaped(_ name: String) -> String {
        guard name.hasPrefix("U__") else { return name }
        var result = String.UnicodeScalarView()
        var rest = name.unicodeScalars.dropFirst(3)
        while let scalar = rest.popFirst() {
            guard scalar == "_" else {
                result.append(scalar)
                continue
            }
            if rest.first == "_" {
                rest.removeFirst()
                result.append("_")
                continue
            }
            guard let end = rest.firstIndex(of: "_"),
                let value = UInt32(String(String.UnicodeScalarView(rest[..<end])), radix: 16),
                let decoded = Unicode.Scalar(value)
            else { return name }
            result.append(decoded)
            rest = rest[rest.index(after: end)...]
        }
        return String(result)
    }
}
