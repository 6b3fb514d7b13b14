import RegularExpressions

extension TemplateFunction {
    /// Prometheus' functions on texts.
    static let textFunctions: [String: TemplateFunction] = [
        "match": TemplateFunction([.string, .string]) { _, values throws(TemplateError) in
            .boolean(try expression(values.string(0)).matches(values.string(1)))
        },
        "reReplaceAll": TemplateFunction([.string, .string, .string]) { _, values throws(TemplateError) in
            .string(try expression(values.string(0)).replaceAll(in: values.string(2), with: values.string(1)))
        },
        "title": TemplateFunction([.string]) { _, values in .string(title(values.string(0))) },
        "toUpper": TemplateFunction([.string]) { _, values in .string(values.string(0).uppercased()) },
        "toLower": TemplateFunction([.string]) { _, values in .string(values.string(0).lowercased()) },
        "safeHtml": TemplateFunction([.string]) { _, values in values.at(0) },
        "stripPort": TemplateFunction([.string]) { _, values in
            .string(HostPort(values.string(0))?.host ?? values.string(0))
        },
        "stripDomain": TemplateFunction([.string]) { _, values in .string(stripDomain(values.string(0))) },
        "urlQueryEscape": TemplateFunction([.string]) { _, values in .string(URLText.queryEscape(values.string(0))) },
    ]

    private static func expression(_ pattern: String) throws(TemplateError) -> RegularExpression {
        do {
            return try RegularExpression(pattern)
        } catch {
            throw TemplateError("\(error)")
        }
    }

    /// Puts the first letter of every word into title case.
    private static func title(_ text: String) -> String {
        var result = ""
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            if isSeparator(previous) {
                result += scalar.properties.titlecaseMapping
            } else {
                result.unicodeScalars.append(scalar)
            }
            previous = scalar
        }
        return result
    }

    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            return !(scalar == "_" || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
        }
        if scalar.properties.isAlphabetic || scalar.properties.numericType != nil { return false }
        return scalar.properties.isWhitespace
    }

    private static func stripDomain(_ text: String) -> String {
        let parts = HostPort(text)
        let host = parts?.host ?? text
        if IPAddress.isValid(host) { return text }
        let name = String(host.prefix { $0 != "." })
        guard let port = parts?.port, !port.isEmpty else { return name }
        return name.contains(":") ? "[\(name)]:\(port)" : "\(name):\(port)"
    }
}
