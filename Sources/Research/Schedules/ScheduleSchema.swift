package import Database
internal import Records

/// The tables of this module.
package enum ScheduleSchema {
    /// The migrations, to be run after those of Tasks.
    package static let migrations = [
        Migration(
            id: "schedules-0001",
            sqlite: tables(.sqlite),
            postgresql: tables(.postgresql)
        )
    ]

    /// `next_at` is what the loop looks for: the due time `next_due_at` with its jitter; both are null while nothing is to come.
    ///
    /// The key of `schedule_runs` is what makes two tasks of one due time impossible, whoever else is wrong.
    private static func tables(_ schema: RecordSchema) -> String {
        """
        CREATE TABLE schedules (
            id \(schema.text) NOT NULL PRIMARY KEY,
            project_id \(schema.text) NOT NULL REFERENCES projects (id),
            name TEXT NOT NULL,
            name_key \(schema.text) NOT NULL,
            cron TEXT NOT NULL,
            time_zone TEXT NOT NULL,
            task TEXT NOT NULL,
            catch_up TEXT NOT NULL,
            catch_up_max BIGINT NOT NULL,
            jitter_seconds BIGINT NOT NULL,
            skips_while_running BIGINT NOT NULL,
            start_at BIGINT,
            end_at BIGINT,
            is_paused BIGINT NOT NULL,
            next_due_at BIGINT,
            next_at BIGINT,
            last_due_at BIGINT,
            last_task_id \(schema.text),
            runs BIGINT NOT NULL DEFAULT 0,
            skips BIGINT NOT NULL DEFAULT 0,
            misses BIGINT NOT NULL DEFAULT 0,
            version BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            created_by TEXT NOT NULL,
            deleted_at BIGINT
        );
        CREATE INDEX schedules_by_created ON schedules (created_at, id) WHERE deleted_at IS NULL;
        CREATE INDEX schedules_by_name ON schedules (name_key, id) WHERE deleted_at IS NULL;
        CREATE INDEX schedules_by_project ON schedules (project_id, created_at, id) WHERE deleted_at IS NULL;
        CREATE INDEX schedules_by_next ON schedules (next_at, id) WHERE next_at IS NOT NULL AND deleted_at IS NULL;
        CREATE TABLE schedule_runs (
            schedule_id \(schema.text) NOT NULL REFERENCES schedules (id),
            due_at BIGINT NOT NULL,
            task_id \(schema.text) NOT NULL,
            PRIMARY KEY (schedule_id, due_at)
        );
        CREATE INDEX schedule_runs_by_due ON schedule_runs (due_at);
        \(schema.set("schedule_words", record: "schedule_id", of: "schedules", item: "word"))
        \(schema.idempotencyKeys(of: "schedule"))
        """
    }
}
