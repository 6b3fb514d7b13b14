package import JSON

extension APIClient {
    private static let schedulesPath = "/api/v1/schedules"

    /// The next due times of a schedule.
    /// - Returns: The answer, with the member `items`.
    /// - Throws: ``ClientError``.
    package func dueTimes(of schedule: String, count: Int) async throws(ClientError) -> JSONValue {
        let path = "\(Self.schedulesPath)/\(PercentEncoding.encode(schedule))/next"
        return try Self.value(await call(APIRequest(.get, PercentEncoding.target(path, [("count", String(count))]))))
    }

    /// The next due times of an expression that no schedule has yet, of a body with the member `cron`.
    /// - Returns: The answer, with the member `items`.
    /// - Throws: ``ClientError``.
    package func dueTimes(previewing body: JSONValue) async throws(ClientError) -> JSONValue {
        try Self.value(await call(Self.json(.post, Self.schedulesPath + "/preview", body)))
    }

    /// Has a schedule make a task now.
    ///
    /// `key`: The same for every attempt of the same request, so that it is done once.
    /// - Returns: The task.
    /// - Throws: ``ClientError``.
    package func runSchedule(_ id: String, key: String) async throws(ClientError) -> JSONValue {
        let target = "\(Self.schedulesPath)/\(PercentEncoding.encode(id))/run"
        return try Self.value(
            await call(APIRequest(.post, target, headers: [APIRequest.Header("Idempotency-Key", key)]))
        )
    }
}

/// A schedule of a project's tasks.
package struct ScheduleRecord: Hashable, Sendable {
    package let id: String
    package let name: String
    package let cron: String
    package let timeZone: String
    package let isPaused: Bool
    /// When it makes its next task; nil when none comes.
    package let nextAt: String?
    /// The newest task that it made.
    package let lastTaskID: String?
    /// The whole record.
    package let json: JSONValue

    /// - Throws: ``ClientError/unexpectedAnswer(_:)`` when a member is missing.
    package init(_ json: JSONValue) throws(ClientError) {
        let members = Members(json, "schedule")
        id = try members.string("id")
        name = try members.string("name")
        cron = try members.string("cron")
        timeZone = try members.string("time_zone")
        isPaused = json["paused"]?.boolean ?? false
        nextAt = json["next_at"]?.string
        lastTaskID = json["last_task_id"]?.string
        self.json = json
    }
}
