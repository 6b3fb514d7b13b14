package import Basics
package import JSON
package import Tasks

/// A task's fields as a JSON object, with the names of the API and without the project: what a schedule keeps and shows.
extension TaskFields {
    /// The fields as an object with all members.
    package var template: JSONValue {
        let keys = concurrencyKeys.sorted { $0.key < $1.key }.map { item -> JSONValue in
            ["key": .string(item.key), "limit": .integer(Int64(item.value))]
        }
        let approval: JSONValue = [
            "required": .boolean(needsApproval), "expires_seconds": Self.seconds(rules.timeouts.approvalSeconds),
        ]
        return [
            "kind": .string(kind), "name": .string(name), "input": input, "capabilities": .strings(capabilities),
            "labels": .object(JSONObject(labels)), "concurrency_keys": .array(keys), "approval": approval,
            "priority": .integer(Int64(priority)), "unique_key": uniqueKey.map { .string($0) } ?? .null,
            "retry": retryTemplate, "timeouts": timeoutsTemplate, "budget": budgetTemplate,
        ]
    }

    private var retryTemplate: JSONValue {
        let retry = rules.retry
        return [
            "attempts_max": .integer(Int64(retry.attemptsMax)),
            "first_delay_seconds": .integer(Int64(retry.firstDelaySeconds)),
            "factor": JSONValue(floatLiteral: retry.factor),
            "delay_seconds_max": .integer(Int64(retry.delaySecondsMax)),
            "jitter": JSONValue(floatLiteral: retry.jitter), "non_retryable": .strings(retry.nonRetryable),
        ]
    }

    private var timeoutsTemplate: JSONValue {
        let timeouts = rules.timeouts
        return [
            "schedule_to_start_seconds": Self.seconds(timeouts.scheduleToStartSeconds),
            "start_to_close_seconds": Self.seconds(timeouts.startToCloseSeconds),
            "heartbeat_seconds": .integer(Int64(timeouts.heartbeatSeconds)),
            "total_seconds": Self.seconds(timeouts.totalSeconds),
        ]
    }

    private var budgetTemplate: JSONValue {
        [
            "cost_max": rules.budget.costMax.map { JSONValue(floatLiteral: $0) } ?? .null,
            "seconds_max": Self.seconds(rules.budget.secondsMax),
        ]
    }

    private static func seconds(_ value: Int?) -> JSONValue { value.map { .integer(Int64($0)) } ?? .null }

    /// Reads an object; what is missing has its default, and without a kind there is no task.
    package init?(template json: JSONValue, projectID: UUIDv7) {
        guard let kind = json["kind"]?.string else { return nil }
        self.init(projectID: projectID, kind: kind, name: json["name"]?.string, input: json["input"] ?? .emptyObject)
        capabilities = json["capabilities"]?.strings ?? []
        for label in json["labels"]?.object?.members ?? [] { labels[label.name] = label.value.string }
        for item in json["concurrency_keys"]?.array ?? [] {
            guard let key = item["key"]?.string, let limit = Self.int(item["limit"]) else { continue }
            // Where one stands twice, the smaller limit counts, as between tasks.
            concurrencyKeys[key] = min(limit, concurrencyKeys[key] ?? limit)
        }
        needsApproval = json["approval"]?["required"]?.boolean ?? false
        priority = Self.int(json["priority"]) ?? priority
        uniqueKey = json["unique_key"]?.string
        readRules(json)
    }

    private mutating func readRules(_ json: JSONValue) {
        let (retry, timeouts, budget) = (json["retry"], json["timeouts"], json["budget"])
        rules.retry.attemptsMax = Self.int(retry?["attempts_max"]) ?? rules.retry.attemptsMax
        rules.retry.firstDelaySeconds = Self.int(retry?["first_delay_seconds"]) ?? rules.retry.firstDelaySeconds
        rules.retry.factor = retry?["factor"]?.double ?? rules.retry.factor
        rules.retry.delaySecondsMax = Self.int(retry?["delay_seconds_max"]) ?? rules.retry.delaySecondsMax
        rules.retry.jitter = retry?["jitter"]?.double ?? rules.retry.jitter
        rules.retry.nonRetryable = retry?["non_retryable"]?.strings ?? []
        rules.timeouts.scheduleToStartSeconds = Self.int(timeouts?["schedule_to_start_seconds"])
        rules.timeouts.startToCloseSeconds = Self.int(timeouts?["start_to_close_seconds"])
        rules.timeouts.heartbeatSeconds = Self.int(timeouts?["heartbeat_seconds"]) ?? rules.timeouts.heartbeatSeconds
        rules.timeouts.totalSeconds = Self.int(timeouts?["total_seconds"])
        if needsApproval { rules.timeouts.approvalSeconds = Self.int(json["approval"]?["expires_seconds"]) }
        rules.budget = TaskBudget(
            costMax: budget?["cost_max"]?.double,
            secondsMax: Self.int(budget?["seconds_max"])
        )
    }

    private static func int(_ json: JSONValue?) -> Int? { json?.integer.map { Int(clamping: $0) } }
}
