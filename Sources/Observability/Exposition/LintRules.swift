/// The rules of ``ExpositionLint`` applied to one family.
struct Examination {
    let name: String
    let type: ExpositionType
    private(set) var findings: [ExpositionLint.Finding] = []

    /// Units with the base unit to use instead; base units stand for themselves.
    private static let baseUnits: [String: String] = [
        "amperes": "amperes", "bytes": "bytes", "celsius": "celsius", "grams": "grams", "joules": "joules",
        "kelvin": "kelvin",
        "meters": "meters", "metres": "metres", "seconds": "seconds", "volts": "volts",
        "minutes": "seconds", "hours": "seconds", "days": "seconds", "weeks": "seconds",
        "kelvins": "kelvin", "fahrenheit": "celsius", "rankine": "celsius",
        "inches": "meters", "yards": "meters", "miles": "meters",
        "bits": "bytes", "calories": "joules", "pounds": "grams", "ounces": "grams",
    ]
    private static let unitPrefixes = [
        "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega", "mibi", "mebi",
        "giga", "gibi",
        "tera", "tebi", "peta", "pebi",
    ]
    private static let unitAbbreviations = [
        "s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d",
    ]

    init(name: String, type: ExpositionType) {
        self.name = name
        self.type = type
    }

    mutating func report(_ rule: ExpositionLint.Rule, _ text: String) {
        findings.append(ExpositionLint.Finding(metric: name, rule: rule, text: text))
    }

    /// Applies all rules that look at one family's metadata and label names.
    mutating func examine(hasHelp: Bool, labelNames: Set<String>) {
        if !hasHelp { report(.helpMissing, "no help text") }
        examineUnit()
        examineSuffixes()
        examineLabels(labelNames)
        examineSpelling(labelNames)
    }

    private mutating func examineUnit() {
        guard let (unit, base) = unit(), unit != base else { return }
        report(.baseUnit, "use base unit \"\(base)\" instead of \"\(unit)\"")
    }

    /// The first part of the name that is a unit, with or without a prefix.
    private func unit() -> (unit: String, base: String)? {
        for part in name.split(separator: "_").map(String.init) {
            if let base = Self.baseUnits[part] { return (part, base) }
            for prefix in Self.unitPrefixes where part.hasPrefix(prefix) {
                if let base = Self.baseUnits[String(part.dropFirst(prefix.count))] { return (part, base) }
            }
        }
        return nil
    }

    private mutating func examineSuffixes() {
        if type == .untyped { return }
        if type == .counter && !name.hasSuffix("_total") {
            report(.counterSuffix, "counter metrics should have \"_total\" suffix")
        }
        if type != .counter && name.hasSuffix("_total") {
            report(.totalReserved, "non-counter metrics should not have \"_total\" suffix")
        }
        if type != .gauge && name.hasSuffix("_timestamp_seconds") {
            report(.timestampReserved, "non-gauge metrics should not have \"_timestamp_seconds\" suffix")
        }
        if !type.hasBuckets && name.hasSuffix("_bucket") {
            report(.suffixReserved, "non-histogram metrics should not have \"_bucket\" suffix")
        }
        guard !type.hasBuckets && type != .summary else { return }
        for suffix in ["_count", "_sum"] where name.hasSuffix(suffix) {
            report(.suffixReserved, "non-histogram and non-summary metrics should not have \"\(suffix)\" suffix")
        }
    }

    private mutating func examineLabels(_ labelNames: Set<String>) {
        if type == .untyped { return }
        if !type.hasBuckets && labelNames.contains("le") {
            report(.labelReserved, "non-histogram metrics should not have \"le\" label")
        }
        if type != .summary && labelNames.contains("quantile") {
            report(.labelReserved, "non-summary metrics should not have \"quantile\" label")
        }
    }

    private mutating func examineSpelling(_ labelNames: Set<String>) {
        let parts = name.lowercased().split(separator: "_", omittingEmptySubsequences: false).map(String.init)
            .dropFirst()
        for type in ExpositionType.allCases where type != .untyped {
            let lowered = "_" + parts.joined(separator: "_") + "_"
            if lowered.contains("_" + type.rawValue + "_") {
                report(.typeInName, "metric name should not include type '\(type.rawValue)'")
            }
        }
        if name.contains(":") { report(.colonInName, "metric names should not contain ':'") }
        if Self.isCamelCase(name) {
            report(.camelCase, "metric names should be written in 'snake_case' not 'camelCase'")
        }
        if labelNames.contains(where: Self.isCamelCase) {
            report(.camelCase, "label names should be written in 'snake_case' not 'camelCase'")
        }
        if parts.contains(where: Self.unitAbbreviations.contains) {
            report(.unitAbbreviation, "metric names should not contain abbreviated units")
        }
    }

    /// Whether a small letter stands before a capital.
    private static func isCamelCase(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return zip(bytes, bytes.dropFirst()).contains { (97...122).contains($0) && (65...90).contains($1) }
    }
}
