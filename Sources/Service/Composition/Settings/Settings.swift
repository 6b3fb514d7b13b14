/// Everything that can be configured, read and checked.
package struct Settings: Sendable {
    package var dataDirectory: String
    package var externalURL: String
    package var http: HTTPSettings
    package var webDirectory: String
    /// The folder of the chart library that the web dashboard loads.
    package var dygraphsDirectory: String
    package var log: LogSettings
    package var accounts: AccountSettings
    /// `sqlite:`, or the URL of a PostgreSQL server, which may hold a password.
    package var databaseURL: String
    package var databaseConnectionsMax: Int
    package var databaseBusyTimeout: Duration
    package var redis: RedisSettings
    package var eventRetention: Duration
    package var limits: RequestLimits
    /// How many live streams may be open at once.
    package var liveConnectionsMax: Int
    package var tasks: TaskSettings
    package var samplerInterval: Duration
    package var timeSeries: TimeSeriesSettings
    package var query: QuerySettings
    package var rules: RulesSettings
    package var notificationsFile: String
    package var supervision: SupervisionSettings

    /// Whether the database is the embedded one, in the data folder.
    var usesSQLite: Bool { databaseURL == SettingsTable.databaseURL.defaultText }

    /// Whether the dashboard is the one that comes with the server, wherever that is.
    var usesShippedWeb: Bool { webDirectory == SettingsTable.webDirectory.defaultText }

    /// What the platform's own samples carry as `instance`.
    package var instance: String { "\(http.host):\(http.port)" }

    /// The address in links, without a closing slash.
    package var publicURL: String {
        guard !externalURL.isEmpty else { return "http://\(instance)" }
        return externalURL.hasSuffix("/") ? String(externalURL.dropLast()) : externalURL
    }

    /// Where the server listens and what it bears.
    package struct HTTPSettings: Sendable {
        package var host: String
        package var port: Int
        package var connectionsMax: Int
        package var connectionsPerAddressMax: Int
        package var bodyBytesMax: Int
        package var trustedProxies: [String]
        package var allowedOrigins: [String]
    }

    /// What is logged and how.
    package struct LogSettings: Sendable {
        package var level: String
        package var format: String
    }

    /// Who may sign in.
    package struct AccountSettings: Sendable {
        /// Empty when one is to be made up.
        package var adminPassword: String
        package var adminPasswordFile: String
        package var passwordCost: Int
        /// How many failed logins of one name, and from one network, cost nothing.
        package var failedLoginsPerName: Int
        package var failedLoginsPerNetwork: Int
    }

    /// The Redis that servers share.
    package struct RedisSettings: Sendable {
        /// Empty for none; may hold a password.
        package var url: String
        package var passwordFile: String
        package var certificatesFile: String
    }

    /// How many requests are served.
    package struct RequestLimits: Sendable {
        /// 0 for no limit.
        package var addressPerMinute: Int
        package var userPerMinute: Int
        package var authPerMinute: Int
        package var sessionsPerMinute: Int
        package var heartbeatsPerMinute: Int
        package var workPerMinute: Int
        package var queriesPerMinute: Int
        package var livePerMinute: Int
        package var monitoringPerMinute: Int
    }

    /// What agents may report of tasks, and how long it is kept.
    package struct TaskSettings: Sendable {
        package var logBytesMax: Int
        package var logRetention: Duration
        package var artefactRetention: Duration
        package var artefactBytesMax: Int
        package var artefactTotalBytesMax: Int
        /// The series that one running task may push.
        package var metricSeriesMax: Int
    }

    /// The time-series store's limits.
    package struct TimeSeriesSettings: Sendable {
        package var retention: Duration
        package var seriesMax: Int
    }

    /// The query engine's limits.
    package struct QuerySettings: Sendable {
        package var timeout: Duration
        package var samplesMax: Int
        package var concurrencyMax: Int
    }

    /// Where the rules are.
    package struct RulesSettings: Sendable {
        package var files: [String]
        package var interval: Duration

        /// Whether the rules are those that come with the server, wherever they are.
        var usesShipped: Bool { files == [SettingsTable.rulesFiles.defaultText] }
    }

    /// The supervisor's times.
    package struct SupervisionSettings: Sendable {
        package var healthInterval: Duration
        package var failuresMax: Int
        package var drainTimeout: Duration
        package var readinessDelay: Duration
    }
}

extension SettingsTable {
    /// Reads all settings from one source of texts.
    static func settings(from source: inout SettingsSource) -> Settings {
        Settings(
            dataDirectory: source.value(dataDirectory, or: "./data"),
            externalURL: source.value(externalURL, or: ""),
            http: Settings.HTTPSettings(
                host: source.value(httpHost, or: ""),
                port: source.value(httpPort, or: 0),
                connectionsMax: source.value(httpConnectionsMax, or: 1),
                connectionsPerAddressMax: source.value(httpConnectionsPerAddressMax, or: 1),
                bodyBytesMax: source.value(httpBodyBytesMax, or: 1024),
                trustedProxies: source.value(httpTrustedProxies, or: []),
                allowedOrigins: source.value(httpAllowedOrigins, or: [])
            ),
            webDirectory: source.value(webDirectory, or: ""),
            dygraphsDirectory: source.value(dygraphsDirectory, or: ""),
            log: Settings.LogSettings(level: source.value(logLevel, or: ""), format: source.value(logFormat, or: "")),
            accounts: Settings.AccountSettings(
                adminPassword: source.value(adminPassword, or: ""),
                adminPasswordFile: source.value(adminPasswordFile, or: ""),
                passwordCost: source.value(passwordCost, or: 4),
                failedLoginsPerName: source.value(failedLoginsPerName, or: 1),
                failedLoginsPerNetwork: source.value(failedLoginsPerNetwork, or: 1)
            ),
            databaseURL: source.value(databaseURL, or: ""),
            databaseConnectionsMax: source.value(databaseConnectionsMax, or: 2),
            databaseBusyTimeout: source.value(databaseBusyTimeout, or: .zero),
            redis: Settings.RedisSettings(
                url: source.value(redisURL, or: ""),
                passwordFile: source.value(redisPasswordFile, or: ""),
                certificatesFile: source.value(redisCertificates, or: "")
            ),
            eventRetention: source.value(eventRetention, or: .zero),
            limits: Settings.RequestLimits(
                addressPerMinute: source.value(addressRequests, or: 0),
                userPerMinute: source.value(userRequests, or: 1),
                authPerMinute: source.value(authRequests, or: 1),
                sessionsPerMinute: source.value(sessionRequests, or: 1),
                heartbeatsPerMinute: source.value(heartbeatRequests, or: 1),
                workPerMinute: source.value(workRequests, or: 1),
                queriesPerMinute: source.value(queryRequests, or: 1),
                livePerMinute: source.value(liveRequests, or: 1),
                monitoringPerMinute: source.value(monitoringRequests, or: 1)
            ),
            liveConnectionsMax: source.value(liveConnectionsMax, or: 1),
            tasks: Settings.TaskSettings(
                logBytesMax: source.value(taskLogBytesMax, or: 4096),
                logRetention: source.value(taskLogRetention, or: .zero),
                artefactRetention: source.value(taskArtefactRetention, or: .zero),
                artefactBytesMax: source.value(taskArtefactBytesMax, or: 1),
                artefactTotalBytesMax: source.value(taskArtefactTotalBytesMax, or: 1),
                metricSeriesMax: source.value(taskMetricSeriesMax, or: 1)
            ),
            samplerInterval: source.value(samplerInterval, or: .zero),
            timeSeries: Settings.TimeSeriesSettings(
                retention: source.value(timeSeriesRetention, or: .zero),
                seriesMax: source.value(timeSeriesSeriesMax, or: 100)
            ),
            query: Settings.QuerySettings(
                timeout: source.value(queryTimeout, or: .zero),
                samplesMax: source.value(querySamplesMax, or: 1000),
                concurrencyMax: source.value(queryConcurrencyMax, or: 1)
            ),
            rules: Settings.RulesSettings(
                files: source.value(rulesFiles, or: []),
                interval: source.value(rulesInterval, or: .zero)
            ),
            notificationsFile: source.value(notificationsFile, or: ""),
            supervision: Settings.SupervisionSettings(
                healthInterval: source.value(healthInterval, or: .zero),
                failuresMax: source.value(failuresMax, or: 0),
                drainTimeout: source.value(drainTimeout, or: .zero),
                readinessDelay: source.value(readinessDelay, or: .zero)
            )
        )
    }

    /// Every setting's key, default and meaning, in the order of the example file.
    package static var all: [SettingDescription] {
        var source = SettingsSource { _, _ in .missing }
        _ = settings(from: &source)
        return source.asked
    }
}

/// Where setting texts come from; collects what was asked for and what was wrong with the answers.
struct SettingsSource {
    /// What the sources say of a key.
    enum Answer {
        case missing
        case text(String)
        case fault(String)
    }

    private let lookup: (_ key: String, _ isSecret: Bool) -> Answer
    private(set) var asked: [SettingDescription] = []
    private(set) var faults: [(key: String, reason: String)] = []
    /// The texts in force, by key, of the settings that are no secrets.
    private(set) var openTexts: [String: String] = [:]

    init(lookup: @escaping (_ key: String, _ isSecret: Bool) -> Answer) {
        self.lookup = lookup
    }

    /// The value of a setting; `substitute` only when it is wrong, which is noted.
    mutating func value<Value>(_ setting: Setting<Value>, or substitute: Value) -> Value {
        asked.append(setting.description)
        let text: String
        switch lookup(setting.key, setting.isSecret) {
        case .text(let found): text = found
        case .missing:
            guard let defaultText = setting.defaultText else { return substitute }
            text = defaultText
        case .fault(let reason):
            faults.append((setting.key, reason))
            return substitute
        }
        switch setting.parse(text) {
        case .success(let value):
            if !setting.isSecret { openTexts[setting.key] = text }
            return value
        case .failure(let fault):
            faults.append((setting.key, fault.reason))
            return substitute
        }
    }
}
