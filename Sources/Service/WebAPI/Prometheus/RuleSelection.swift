import MetricModel
import Rules

/// Which rules a request wants to see.
struct RuleFilter {
    private let type: String?
    private let ruleNames: Set<String>
    private let groupNames: Set<String>
    private let files: Set<String>
    private let selectors: [[LabelMatcher]]
    let leavesOutAlerts: Bool

    init(_ parameters: PrometheusParameters) throws(PrometheusParameters.Fault) {
        type = parameters.string("type")
        guard type == nil || type == "alert" || type == "record" else {
            throw PrometheusParameters.Fault(text: "invalid parameter \"type\": not supported value \"\(type ?? "")\"")
        }
        ruleNames = Set(parameters.strings("rule_name[]"))
        groupNames = Set(parameters.strings("rule_group[]"))
        files = Set(parameters.strings("file[]"))
        selectors = try parameters.selectors()
        leavesOutAlerts = try parameters.boolean("exclude_alerts")
    }

    func admits(_ group: RuleGroupSnapshot) -> Bool {
        (groupNames.isEmpty || groupNames.contains(group.name)) && (files.isEmpty || files.contains(group.file))
    }

    /// Selectors look at the labels of the rule's definition, before its templates are expanded.
    func admits(_ rule: RuleSnapshot) -> Bool {
        let definition = rule.definition
        guard ruleNames.isEmpty || ruleNames.contains(definition.name) else { return false }
        guard type == nil || (type == "alert") == definition.isAlert else { return false }
        if selectors.isEmpty { return true }
        let labels = Labels(definition.labels)
        return selectors.contains { $0.allSatisfy { $0.matches(labels) } }
    }
}

/// Which of the groups a request wants to see at a time.
struct RulePage {
    typealias Group = (group: RuleGroupSnapshot, rules: [RuleSnapshot])

    private let limit: Int?
    private let token: String?

    init(_ parameters: PrometheusParameters) throws(PrometheusParameters.Fault) {
        limit = try parameters.integer("group_limit")
        token = parameters.string("group_next_token")
        if let limit, limit <= 0 {
            throw PrometheusParameters.Fault(text: "invalid parameter \"group_limit\": must be greater than 0")
        }
        if token != nil, limit == nil {
            throw PrometheusParameters.Fault(
                text: "invalid parameter \"group_next_token\": group_limit needs to be present in order to paginate"
            )
        }
    }

    /// The groups of the page, and the token of the first one behind it.
    /// - Throws: a fault for a token that no group has.
    func cut(_ groups: [Group]) throws(PrometheusParameters.Fault) -> (groups: ArraySlice<Group>, nextToken: String?) {
        guard let limit else { return (groups[...], nil) }
        var rest = groups[...]
        if let token {
            rest = rest.drop { Self.token(of: $0.group) != token }
            if rest.isEmpty {
                throw PrometheusParameters.Fault(
                    text: "invalid parameter \"group_next_token\": no group has it; were rule groups changed?"
                )
            }
        }
        return (rest.prefix(limit), rest.dropFirst(limit).first.map { Self.token(of: $0.group) })
    }

    /// File and name, which identify a group, as hexadecimal digits: opaque, and the same in URLs.
    private static func token(of group: RuleGroupSnapshot) -> String {
        let digits = Array("0123456789abcdef")
        return String((group.file + ";" + group.name).utf8.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
