import MetricModel

/// The templates of alerting rules: their variables and their data.
enum AlertTemplate {
    static let variables = ["$labels", "$externalLabels", "$externalURL", "$value"]

    /// Reads a label's or annotation's text; the message names the template as upstream does.
    static func parse(_ text: String, alert: String, limits: TemplateLimits) throws(TemplateError) -> Template {
        let name = "__alert_\(alert)"
        do {
            return try Template(text, name: name, variables: variables, limits: limits)
        } catch {
            throw TemplateError("error parsing template \(name): \(error.description)")
        }
    }

    /// The dot and the variables of an alert.
    static func data(labels: Labels, value: Double, externalLabels: Labels, externalURL: String)
        -> (dot: TemplateValue, variables: [(name: String, value: TemplateValue)])
    {
        let fields = [
            TemplateField("Labels", strings(labels)),
            TemplateField("ExternalLabels", strings(externalLabels)),
            TemplateField("ExternalURL", .string(externalURL)),
            TemplateField("Value", .float(value)),
        ]
        let values = zip(variables, fields).map { (name: $0.0, value: $0.1.value) }
        return (.record(fields, type: "struct { Labels map[string]string; Value interface {} }"), values)
    }

    private static func strings(_ labels: Labels) -> TemplateValue {
        var values: [String: String] = [:]
        for label in labels { values[label.name] = label.value }
        return .strings(values)
    }
}
