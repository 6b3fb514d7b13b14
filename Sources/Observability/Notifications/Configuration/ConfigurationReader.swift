import Basics
import MetricModel
import Rules

/// Walks a configuration's tree and collects what is wrong.
struct ConfigurationReader {
    private(set) var problems: [YAMLProblem] = []

    private static let unsupportedReceivers = [
        "discord", "email", "incidentio", "jira", "mattermost", "msteams", "msteamsv2", "opsgenie", "pagerduty",
        "pushover", "rocketchat", "slack", "sns", "telegram", "victorops", "webex", "wechat",
    ]

    /// Nil when the configuration cannot be made; `problems` says why.
    mutating func read(_ root: YAMLValue) -> NotificationConfiguration? {
        var reader = YAMLMappingReader(root, typeName: "config.plain")
        let resolveTimeout = global(reader.field("global")?.value, &reader)
        reader.refuse("templates", because: "notification templates are not supported")
        for key in ["inhibit_rules", "mute_time_intervals", "time_intervals", "event_recorder", "tracing"] {
            reader.refuse(key, because: "not supported")
        }
        var receivers: [Receiver] = []
        for item in reader.items("receivers") {
            guard let receiver = receiver(item) else { continue }
            if receivers.contains(where: { $0.name == receiver.name }) {
                reader.fail("notification config name \"\(receiver.name)\" is not unique", at: item.position)
            }
            receivers.append(receiver)
        }
        let routeEntry = reader.field("route")
        var route: Route?
        var named: [(name: String, position: YAMLPosition)] = []
        if let routeEntry, !routeEntry.value.isNull {
            var routes = RouteReader()
            route = routes.root(routeEntry.value)
            problems += routes.problems
            named = routes.receivers
        } else {
            reader.fail("no routes provided", at: routeEntry?.position ?? root.position)
        }
        for (name, position) in named where !receivers.contains(where: { $0.name == name }) {
            reader.fail("undefined receiver \"\(name)\" used in route", at: position)
        }
        reader.finish()
        problems += reader.problems
        guard let route, problems.isEmpty else { return nil }
        return NotificationConfiguration(
            resolveTimeout: resolveTimeout ?? .seconds(300),
            route: route,
            receivers: receivers
        )
    }

    private mutating func global(_ value: YAMLValue?, _ outer: inout YAMLMappingReader) -> Duration? {
        guard let value else { return nil }
        var reader = YAMLMappingReader(value, typeName: "config.GlobalConfig")
        let timeout = duration("resolve_timeout", &reader)
        reader.refuse("http_config", because: "not supported in global; set it for each webhook")
        reader.finish()
        problems += reader.problems
        return timeout
    }

    private func duration(_ key: String, _ reader: inout YAMLMappingReader) -> Duration? {
        guard let text = reader.text(key) else { return nil }
        if let milliseconds = PrometheusDuration.milliseconds(parsing: text) { return .milliseconds(milliseconds) }
        reader.fail("not a valid duration string: \"\(text)\"", at: reader.positionOf(key))
        return nil
    }

    // MARK: Receivers

    private mutating func receiver(_ value: YAMLValue) -> Receiver? {
        var reader = YAMLMappingReader(value, typeName: "config.Receiver")
        let name = reader.text("name") ?? ""
        if name.isEmpty { reader.fail("missing name in receiver", at: value.position) }
        var labels: [String: String] = ["name": name]
        for entry in reader.textMapping("labels") {
            if entry.name == "name", entry.text != name {
                reader.fail(
                    "receiver label \"name\" must match receiver name \"\(name)\", got \"\(entry.text)\"",
                    at: entry.valuePosition
                )
            }
            labels[entry.name] = entry.text
        }
        for kind in Self.unsupportedReceivers {
            reader.refuse("\(kind)_configs", because: "receivers of this type are not supported")
        }
        var webhooks: [WebhookConfiguration] = []
        for item in reader.items("webhook_configs") {
            if let webhook = webhook(item) { webhooks.append(webhook) }
        }
        reader.finish()
        problems += reader.problems
        return name.isEmpty ? nil : Receiver(name: name, labels: labels, webhooks: webhooks)
    }

    private mutating func webhook(_ value: YAMLValue) -> WebhookConfiguration? {
        if value.isNull {
            problems.append(YAMLProblem("missing webhook config", at: value.position))
            return nil
        }
        var reader = YAMLMappingReader(value, typeName: "config.plain")
        let url = self.url(&reader)
        let sendsResolved = reader.boolean("send_resolved") ?? true
        let alertsMax = reader.integer("max_alerts") ?? 0
        if alertsMax < 0 { reader.fail("max_alerts must not be negative", at: reader.positionOf("max_alerts")) }
        let timeout = duration("timeout", &reader) ?? .zero
        reader.refuse("payload", because: "templated payloads are not supported")
        let credentials = reader.field("http_config").flatMap { self.credentials($0.value) }
        reader.finish()
        problems += reader.problems
        guard let url else { return nil }
        return WebhookConfiguration(
            url: url,
            sendsResolved: sendsResolved,
            alertsMax: max(0, alertsMax),
            timeout: timeout,
            credentials: credentials
        )
    }

    private func url(_ reader: inout YAMLMappingReader) -> Secret? {
        let text = reader.text("url")
        let file = reader.text("url_file")
        switch (text, file) {
        case (nil, nil): reader.fail("one of url or url_file must be configured", at: reader.position)
        case (.some, .some): reader.fail("at most one of url & url_file must be configured", at: reader.position)
        case (nil, let file?): return .file(file)
        case (let text?, nil):
            if text.contains("{{") {
                reader.fail("templates in url are not supported", at: reader.positionOf("url"))
            } else if !Self.isWebURL(text) {
                reader.fail("unsupported scheme or missing host for URL", at: reader.positionOf("url"))
            } else {
                return .value(text)
            }
        }
        return nil
    }

    /// Whether a text is an `http` or `https` URL with a host.
    static func isWebURL(_ text: String) -> Bool { WebURL(text) != nil }

    private mutating func credentials(_ value: YAMLValue) -> WebhookCredentials? {
        var reader = YAMLMappingReader(value, typeName: "config.HTTPClientConfig")
        var found: [WebhookCredentials] = []
        if let entry = reader.field("basic_auth"), !entry.value.isNull {
            var basic = YAMLMappingReader(entry.value, typeName: "config.BasicAuth")
            let username = basic.text("username") ?? ""
            let password = secret("password", "password_file", &basic) ?? .value("")
            basic.finish()
            problems += basic.problems
            found.append(.basic(username: username, password: password))
        }
        if let entry = reader.field("authorization"), !entry.value.isNull {
            var authorization = YAMLMappingReader(entry.value, typeName: "config.Authorization")
            let type = authorization.text("type") ?? "Bearer"
            let secret = secret("credentials", "credentials_file", &authorization)
            if secret == nil {
                authorization.fail("authorization needs credentials or credentials_file", at: entry.position)
            }
            if type.lowercased() == "basic" {
                authorization.fail(
                    "authorization type cannot be set to \"basic\", use \"basic_auth\" instead",
                    at: entry.position
                )
            }
            authorization.finish()
            problems += authorization.problems
            if let secret { found.append(.authorization(type: type, credentials: secret)) }
        }
        if found.count > 1 {
            reader.fail("at most one of basic_auth, oauth2 & authorization must be configured", at: value.position)
        }
        reader.finish()
        problems += reader.problems
        return found.first
    }

    private func secret(_ key: String, _ fileKey: String, _ reader: inout YAMLMappingReader) -> Secret? {
        let text = reader.text(key)
        let file = reader.text(fileKey)
        if text != nil, file != nil {
            reader.fail("at most one of \(key) & \(fileKey) must be configured", at: reader.position)
        }
        return text.map { .value($0) } ?? file.map { .file($0) }
    }
}
