import APIModel
import Basics
package import HTTP
import HTTPTypes
import JSON
import MetricModel
import PromQL
package import Rules

/// The rules and alerts of the Prometheus API.
package struct RuleRoutes: Sendable {
    private let snapshot: @Sendable () -> [RuleGroupSnapshot]

    package init(snapshot: @escaping @Sendable () -> [RuleGroupSnapshot]) {
        self.snapshot = snapshot
    }

    package var routes: [Route] {
        typealias Fields = PrometheusFields
        return [
            PrometheusRoutes.route(
                .get,
                "rules",
                "Rule groups with their rules, states and alerts.",
                [
                    .query("type", .oneOf(["alert", "record"]), "The one kind of rules that is asked for."),
                    .query("rule_name[]", Fields.texts, "The name of a rule; may be repeated."),
                    .query("rule_group[]", Fields.texts, "The name of a group; may be repeated."),
                    .query("file[]", Fields.texts, "The path of a file; may be repeated."),
                    .query(
                        "match[]",
                        Fields.texts,
                        "A selector of the labels in a rule's definition; may be repeated."
                    ),
                    .query("exclude_alerts", .boolean, "Leaves the rules' alerts out."),
                    .query("group_limit", .integer(1...Int64(Int32.max)), "The most groups of a page."),
                    .query("group_next_token", Fields.text, "The member groupNextToken of the page before."),
                ],
                data: PrometheusSchemas.rules,
                .none,
                rules
            ),
            PrometheusRoutes.route(
                .get,
                "alerts",
                "Alerts that are pending or firing.",
                data: PrometheusSchemas.alerts,
                .none,
                alerts
            ),
        ]
    }

    private func rules(_ request: RouteRequest, _ parameters: PrometheusParameters) async throws -> RouteResponse {
        let filter = try RuleFilter(parameters)
        let page = try RulePage(parameters).cut(
            snapshot().compactMap { group in
                let rules = filter.admits(group) ? group.rules.filter(filter.admits) : []
                return rules.isEmpty ? nil : (group, rules)
            }
        )
        return PrometheusEnvelope.success(capacity: 1 << 14) { json in
            json.object { json in
                json.key("groups")
                json.array { json in
                    for (group, rules) in page.groups {
                        json.ruleGroup(group, rules, withAlerts: !filter.leavesOutAlerts)
                    }
                }
                if let token = page.nextToken { json.member("groupNextToken", token) }
            }
        }
    }

    private func alerts(_ request: RouteRequest, _ parameters: PrometheusParameters) async throws -> RouteResponse {
        let alerts = snapshot().flatMap(\.rules).flatMap(\.alerts)
        return PrometheusEnvelope.success { json in
            json.object { json in
                json.key("alerts")
                json.array { json in
                    for alert in alerts { json.alert(alert) }
                }
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func ruleGroup(_ group: RuleGroupSnapshot, _ rules: [RuleSnapshot], withAlerts: Bool) {
        object { json in
            json.member("name", group.name)
            json.member("file", group.file)
            json.key("rules")
            json.array { json in
                for rule in rules { json.rule(rule, withAlerts: withAlerts) }
            }
            json.member("interval", group.interval.inSeconds)
            json.member("limit", group.limit)
            json.member("evaluationTime", group.evaluationTime.inSeconds)
            json.member("lastEvaluation", (group.lastEvaluation ?? Self.never).rfc3339)
        }
    }

    /// What Prometheus writes for a time that has not come: the zero time of Go.
    private static let never = Timestamp(milliseconds: -62_135_596_800_000)

    private mutating func rule(_ rule: RuleSnapshot, withAlerts: Bool) {
        let definition = rule.definition
        object { json in
            if definition.isAlert { json.member("state", rule.state.rawValue) }
            json.member("name", definition.name)
            json.member("query", definition.expression.description)
            if definition.isAlert {
                json.member("duration", definition.holdDuration.inSeconds)
                json.member("keepFiringFor", definition.keepFiringFor.inSeconds)
            }
            json.key("labels")
            json.pairs(definition.labels)
            if definition.isAlert {
                json.key("annotations")
                json.pairs(definition.annotations)
                json.key("alerts")
                json.array { json in
                    if withAlerts {
                        for alert in rule.alerts { json.alert(alert) }
                    }
                }
            }
            json.member("health", rule.health.rawValue)
            if let error = rule.lastError { json.member("lastError", error) }
            json.member("evaluationTime", rule.evaluationTime.inSeconds)
            json.member("lastEvaluation", (rule.lastEvaluation ?? Self.never).rfc3339)
            json.member("type", definition.isAlert ? "alerting" : "recording")
        }
    }

    fileprivate mutating func alert(_ alert: Alert) {
        object { json in
            json.key("labels")
            json.labels(alert.labels)
            json.key("annotations")
            json.labels(alert.annotations)
            json.member("state", alert.state.rawValue)
            json.member("activeAt", alert.activeAt.rfc3339)
            if let since = alert.keepFiringSince { json.member("keepFiringSince", since.rfc3339) }
            json.member("value", FloatText.scientific(alert.value))
        }
    }

    private mutating func pairs(_ labels: [Label]) {
        object { json in
            for label in labels { json.member(label.name, label.value) }
        }
    }
}
