public import Basics
public import Rules

/// How a webhook proves who is asking.
public enum WebhookCredentials: Sendable, Equatable {
    case basic(username: String, password: Secret)
    /// `Authorization: TYPE CREDENTIALS`
    case authorization(type: String, credentials: Secret)
}

/// A secret, or the file that holds it; the file is read at each use, so that it can be rotated.
public enum Secret: Sendable, Equatable, CustomStringConvertible {
    case value(String)
    case file(String)

    /// Never the secret itself.
    public var description: String {
        switch self {
        case .value: "<secret>"
        case .file(let path): path
        }
    }
}

/// One entry of `webhook_configs`.
public struct WebhookConfiguration: Sendable, Equatable {
    /// URLs often carry tokens, and are kept like secrets.
    public let url: Secret
    /// Whether the receiver also hears of alerts that have ended.
    public let sendsResolved: Bool
    /// The most alerts in one payload; 0 for no limit.
    public let alertsMax: Int
    /// How long one request may take; zero for as long as the group's interval.
    public let timeout: Duration
    /// What the request carries to prove who is asking; nil for nothing.
    public let credentials: WebhookCredentials?

    /// Makes an entry with upstream's defaults for what is left out.
    public init(
        url: Secret,
        sendsResolved: Bool = true,
        alertsMax: Int = 0,
        timeout: Duration = .zero,
        credentials: WebhookCredentials? = nil
    ) {
        self.url = url
        self.sendsResolved = sendsResolved
        self.alertsMax = alertsMax
        self.timeout = timeout
        self.credentials = credentials
    }
}

/// Who is told.
public struct Receiver: Sendable, Equatable {
    /// The name that routes refer to.
    public let name: String
    /// Labels of the receiver itself, for people; alerts are not matched by them.
    public let labels: [String: String]
    /// Where the notifications go; every webhook gets each of them.
    public let webhooks: [WebhookConfiguration]

    /// Makes a receiver; the configuration checks that names come once.
    public init(name: String, labels: [String: String] = [:], webhooks: [WebhookConfiguration]) {
        self.name = name
        self.labels = labels
        self.webhooks = webhooks
    }
}

/// A notification configuration: the subset of Alertmanager's that is supported.
///
/// Everything else is refused with its place. Source: Alertmanager 0.34's configuration.
public struct NotificationConfiguration: Sendable, Equatable {
    /// How long an alert without an end counts as firing after it was last heard of.
    public let resolveTimeout: Duration
    /// The root of the routing tree; it takes every alert.
    public let route: Route
    /// Who may be told; every receiver that a route names is among them.
    public let receivers: [Receiver]

    /// Makes a configuration from parts that are known to be valid.
    public init(resolveTimeout: Duration = .seconds(300), route: Route, receivers: [Receiver]) {
        self.resolveTimeout = resolveTimeout
        self.route = route
        self.receivers = receivers
    }

    /// Reads a configuration's text; `path` goes into messages.
    /// - Throws: ``NotificationConfigurationErrors`` with everything that is wrong.
    public init(text: String, path: String, limits: YAMLLimits = YAMLLimits())
        throws(NotificationConfigurationErrors)
    {
        do {
            let document = try YAMLDocument(text, limits: limits)
            var reader = ConfigurationReader()
            let configuration = reader.read(document.root)
            guard reader.problems.isEmpty, let configuration else {
                throw NotificationConfigurationErrors(file: path, problems: reader.problems)
            }
            self = configuration
        } catch let problem as YAMLProblem {
            throw NotificationConfigurationErrors(file: path, problems: [problem])
        } catch let errors as NotificationConfigurationErrors {
            throw errors
        } catch {
            throw NotificationConfigurationErrors(
                file: path,
                problems: [YAMLProblem("\(error)", at: YAMLPosition(line: 1, column: 1))]
            )
        }
    }

    /// Reads a configuration file.
    /// - Throws: ``NotificationConfigurationErrors``.
    public static func load(_ path: String, from files: some FileSystem, limits: YAMLLimits = YAMLLimits())
        throws(NotificationConfigurationErrors) -> NotificationConfiguration
    {
        let start = YAMLPosition(line: 1, column: 1)
        let bytes: [UInt8]
        do {
            bytes = try files.read(path, bytesMax: limits.bytesMax)
        } catch {
            throw NotificationConfigurationErrors(file: path, problems: [YAMLProblem(error.description, at: start)])
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw NotificationConfigurationErrors(file: path, problems: [YAMLProblem("invalid UTF-8", at: start)])
        }
        return try NotificationConfiguration(text: text, path: path, limits: limits)
    }

    /// The receiver of a name.
    public func receiver(_ name: String) -> Receiver? { receivers.first { $0.name == name } }
}

/// Everything that is wrong in a notification configuration.
public struct NotificationConfigurationErrors: Error, Hashable, Sendable, CustomStringConvertible {
    /// The path of the file.
    public let file: String
    /// The problems with their places; at least one.
    public let problems: [YAMLProblem]

    /// A line for each problem: `file:line:column: message`.
    public var description: String { problems.map { "\(file):\($0)" }.joined(separator: "\n") }
}
