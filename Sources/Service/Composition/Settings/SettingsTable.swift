import HTTP
import WebAPI

/// Every setting there is.
///
/// The order is that of the example file.
package enum SettingsTable {
    static let dataDirectory = Setting.text(
        "data_dir",
        default: "./data",
        help: "The folder that holds everything the platform keeps, for one server. It is made when missing."
    )
    static let externalURL = Setting.baseURL(
        "external_url",
        help: "The address under which people reach this server; links in notifications begin with it. "
            + "Without it they begin with http://HOST:PORT."
    )

    static let httpHost = Setting.text(
        "http.host",
        default: "127.0.0.1",
        help: "The address to listen on; 0.0.0.0 or :: for every interface."
    )
    static let httpPort = Setting.number(
        "http.port",
        in: 0...65535,
        default: "8080",
        help: "The port to listen on; 0 lets the system choose one."
    )
    static let httpConnectionsMax = Setting.number(
        "http.connections_max",
        in: 1...1_000_000,
        default: "4096",
        help: "The number of connections that are served at once."
    )
    static let httpConnectionsPerAddressMax = Setting.number(
        "http.connections_per_address_max",
        in: 1...1_000_000,
        default: "1024",
        help: "The number of connections that one address, for IPv6 its /64, may have open at once. "
            + "The addresses of http.trusted_proxies have no such limit."
    )
    static let httpBodyBytesMax = Setting.number(
        "http.body_bytes_max",
        in: 1024...1_073_741_824,
        default: "1048576",
        help: "The largest request body in bytes."
    )
    static let httpTrustedProxies = Setting.list(
        "http.trusted_proxies",
        of: ("addresses and CIDR ranges", { AddressRange($0) != nil }),
        default: "",
        help: "Addresses of proxies whose X-Forwarded-For is believed."
    )
    static let httpAllowedOrigins = Setting.list(
        "http.allowed_origins",
        of: ("origins such as https://lab.example", { OriginPolicy.isOrigin($0) }),
        default: "",
        help: "Origins of other pages that may open live streams; those of the server itself always may."
    )
    static let webDirectory = Setting.text(
        "web.dir",
        default: "./web",
        help: "The folder with the web dashboard; empty for none. The default is the dashboard that comes with the "
            + "server, in the working folder or where the server is installed."
    )
    static let dygraphsDirectory = Setting.text(
        "web.dygraphs_dir",
        default: "/usr/share/javascript/dygraphs",
        help: "The folder with the chart library dygraphs (Debian's libjs-dygraphs). "
            + "Without it the dashboard shows tables instead of charts."
    )

    static let logLevel = Setting.choice(
        "log.level",
        of: ["trace", "debug", "info", "notice", "warning", "error", "critical"],
        default: "info",
        help: "The least severe level that is logged."
    )
    static let logFormat = Setting.choice(
        "log.format",
        of: ["logfmt", "json"],
        default: "logfmt",
        help: "How log lines are written to standard error."
    )

    static let adminPassword = Setting.text(
        "admin.password",
        default: "",
        isSecret: true,
        help:
            "The password of the user admin, which is made on an empty database. Give it as KASKMAN_ADMIN_PASSWORD or in "
            + "admin.password_file rather than here; without either one is made up and shown once."
    )
    static let adminPasswordFile = Setting.text(
        "admin.password_file",
        default: "",
        help: "A file that holds the password of the user admin on its first line."
    )
    static let databaseURL = Setting.databaseURL(
        "database.url",
        help: "sqlite: keeps everything in data_dir. A PostgreSQL server of version 12 or later is "
            + "postgresql://USER@HOST:PORT/NAME?sslmode=verify-full, as libpq reads it; several servers may share one. "
            + "Give a password in KASKMAN_DATABASE_URL or in PGPASSFILE's file rather than here."
    )
    static let databaseConnectionsMax = Setting.number(
        "database.connections_max",
        in: 2...1000,
        default: "10",
        help: "The number of connections to a PostgreSQL server at most, beside one for health probes, one that "
            + "hears of other servers' changes and two that the look-ups of many requests share."
    )
    static let databaseBusyTimeout = Setting.duration(
        "database.busy_timeout",
        from: "0",
        to: "1m",
        default: "5s",
        help: "How long a write waits for another process that holds the database, or on PostgreSQL a row."
    )
    static let redisURL = Setting.redisURL(
        "redis.url",
        help: "A Redis that several servers share: redis://HOST:PORT/DB, rediss:// for TLS, or redis+unix:///PATH. "
            + "Without it each server counts limits by itself. A password belongs into KASKMAN_REDIS_URL or "
            + "redis.password_file."
    )
    static let redisPasswordFile = Setting.text(
        "redis.password_file",
        default: "",
        help: "A file that holds the password for Redis on its first line."
    )
    static let redisCertificates = Setting.text(
        "redis.ca_file",
        default: "",
        help: "A file of certificates (PEM) to check a Redis behind TLS with; the system's when empty."
    )
    static let passwordCost = Setting.number(
        "identity.password_cost",
        in: 4...16,
        default: "11",
        help: "bcrypt's cost: each step doubles the time that checking a password takes."
    )
    static let failedLoginsPerName = Setting.number(
        "identity.failed_logins_per_name",
        in: 1...1_000_000,
        default: "5",
        help: "How many wrong passwords for one name cost nothing; each further one doubles the wait, up to 15 min."
    )
    static let failedLoginsPerNetwork = Setting.number(
        "identity.failed_logins_per_network",
        in: 1...1_000_000,
        default: "30",
        help: "How many wrong passwords from one address cost nothing. Behind a proxy all people share its address "
            + "unless http.trusted_proxies names it. Who signed in from there lately with the same password passes."
    )
    static let eventRetention = Setting.duration(
        "events.retention",
        from: "1h",
        to: "10y",
        default: "1y",
        help: "How long the log of activities is kept."
    )
    static let addressRequests = Setting.number(
        "limits.address_requests_per_minute",
        in: 0...100_000_000,
        default: "6000",
        help: "The requests that one address may make in a minute; 0 for no limit."
    )
    static let userRequests = Setting.number(
        "limits.user_requests_per_minute",
        in: 1...100_000_000,
        default: "1200",
        help: "The requests that one user may make in a minute; the classes below are counted apart."
    )
    static let authRequests = perMinute(
        "auth",
        RateClass.auth,
        help:
            "The sign-ins that one address may ask for in a minute; each may cost the hashing of a password."
    )
    static let sessionRequests = perMinute(
        "sessions",
        RateClass.sessions,
        help: "The refreshes and sign-outs that one address may ask for in a minute."
    )
    static let heartbeatRequests = perMinute(
        "heartbeat",
        RateClass.heartbeat,
        help: "The heartbeats that one agent may send in a minute."
    )
    static let workRequests = perMinute(
        "work",
        RateClass.work,
        help: "The requests for work, renewals and results that one agent may send in a minute."
    )
    static let queryRequests = perMinute(
        "query",
        RateClass.queries,
        help: "The PromQL queries that one user may send in a minute; a dashboard sends dozens at once."
    )
    static let liveRequests = perMinute(
        "live",
        RateClass.live,
        help: "The live streams that one user may open in a minute."
    )
    static let monitoringRequests = perMinute(
        "monitoring",
        RateClass.monitoring,
        help: "The probes and scrapes that one address may send in a minute."
    )

    private static func perMinute(_ name: String, _ rateClass: RateClass, help: String) -> Setting<Int> {
        .number(
            "limits.\(name)_requests_per_minute",
            in: 1...100_000_000,
            default: String(rateClass.quota.requests),
            help: help
        )
    }

    static let liveConnectionsMax = Setting.number(
        "live.connections_max",
        in: 1...1_000_000,
        default: "2000",
        help: "The number of live streams (WebSockets and Server-Sent Events) that may be open at once."
    )
    static let taskLogBytesMax = Setting.number(
        "tasks.log_bytes_max",
        in: 4096...1_073_741_824,
        default: "8388608",
        help:
            "The bytes of log that one attempt at a task may keep; further lines are dropped, and counted. A line takes "
            + "64 bytes beside its text."
    )
    static let taskLogRetention = Setting.duration(
        "tasks.log_retention",
        from: "1h",
        to: "10y",
        default: "30d",
        help: "How long the logs of a task are kept after its end."
    )
    static let taskArtefactRetention = Setting.duration(
        "tasks.artefact_retention",
        from: "1h",
        to: "10y",
        default: "30d",
        help: "How long the artefacts of a task are kept after its end."
    )
    static let taskArtefactBytesMax = Setting.number(
        "tasks.artefact_bytes_max",
        in: 1...17_179_869_184,
        default: "1073741824",
        help: "The largest artefact in bytes."
    )
    static let taskArtefactTotalBytesMax = Setting.number(
        "tasks.artefact_total_bytes_max",
        in: 1...1_125_899_906_842_624,
        default: "21474836480",
        help: "The bytes that all artefacts may take together in the data folder; more are refused."
    )
    static let taskMetricSeriesMax = Setting.number(
        "tasks.metric_series_max",
        in: 1...1_000_000,
        default: "1000",
        help: "The number of series that one running task may push; samples of further ones are refused and counted."
    )

    static let samplerInterval = Setting.duration(
        "sampler.interval",
        from: "100ms",
        to: "1h",
        default: "5s",
        help: "How often the platform's own metrics enter its time-series store."
    )
    static let timeSeriesRetention = Setting.duration(
        "time_series.retention",
        from: "1m",
        to: "7d",
        default: "2h",
        help: "How long samples are kept. They are kept in memory: a restart forgets them."
    )
    static let timeSeriesSeriesMax = Setting.number(
        "time_series.series_max",
        in: 100...100_000_000,
        default: "200000",
        help: "The number of series that the store holds at once; samples of further ones are refused and counted."
    )

    static let queryTimeout = Setting.duration(
        "query.timeout",
        from: "1ms",
        to: "1h",
        default: "30s",
        help: "The longest that a query may take."
    )
    static let querySamplesMax = Setting.number(
        "query.samples_max",
        in: 1000...1_000_000_000,
        default: "50000000",
        help: "The number of samples that a query may hold in memory at once."
    )
    static let queryConcurrencyMax = Setting.number(
        "query.concurrency_max",
        in: 1...1000,
        default: "4",
        help: "The number of queries that are evaluated at once; further ones wait."
    )

    static let rulesFiles = Setting.list(
        "rules.files",
        default: "./alerts/*.yml",
        help: "Prometheus rule files; empty for none. The last part of a path may hold * for any characters, ? for "
            + "one and [a-z] for one of some. The default is the rules that come with the server, in the working "
            + "folder or where the server is installed."
    )
    static let rulesInterval = Setting.duration(
        "rules.evaluation_interval",
        from: "100ms",
        to: "1d",
        default: "15s",
        help: "How often a group of rules is evaluated that names no interval of its own."
    )
    static let notificationsFile = Setting.text(
        "notifications.file",
        default: "",
        help: "Routes and receivers of notifications, in the format of an Alertmanager configuration. "
            + "Without it alerts are evaluated and shown, and nobody is notified."
    )

    static let healthInterval = Setting.duration(
        "supervisor.health_interval",
        from: "100ms",
        to: "5m",
        default: "5s",
        help: "How often every component is asked how it is."
    )
    static let failuresMax = Setting.number(
        "supervisor.failures_max",
        in: 0...1000,
        default: "10",
        help: "How often a component may fail within ten minutes; after one failure more it is not restarted any more."
    )
    static let drainTimeout = Setting.duration(
        "supervisor.drain_timeout",
        from: "100ms",
        to: "10m",
        default: "10s",
        help: "How long each component may take to end after SIGTERM before it is cancelled."
    )
    static let readinessDelay = Setting.duration(
        "supervisor.readiness_delay",
        from: "0",
        to: "5m",
        default: "0",
        help: "How long readiness is false before the server stops accepting, so that load balancers notice."
    )
}
