import Basics
import KeyValue

/// One configurable value: its key, its default, what it means, and how its text is read.
///
/// The key `http.port` is `http: {port: …}` in the YAML file, `KASKMAN_HTTP_PORT` in the environment.
package struct Setting<Value: Sendable>: Sendable {
    package let key: String
    /// The text that counts when the key is nowhere set; nil for none.
    package let defaultText: String?
    /// A sentence for the example file and the error messages.
    package let help: String
    package let isSecret: Bool
    /// Whether it is a list, which the file may write as one.
    package let isList: Bool
    let parse: @Sendable (String) -> Result<Value, SettingFault>

    init(
        _ key: String,
        default defaultText: String?,
        isSecret: Bool = false,
        isList: Bool = false,
        help: String,
        parse: @escaping @Sendable (String) -> Result<Value, SettingFault>
    ) {
        self.key = key
        self.defaultText = defaultText
        self.isSecret = isSecret
        self.isList = isList
        self.help = help
        self.parse = parse
    }

    /// What the example file and the search for the nearest key need.
    package var description: SettingDescription {
        SettingDescription(key: key, defaultText: defaultText, help: help, isSecret: isSecret, isList: isList)
    }
}

/// A setting without its type.
package struct SettingDescription: Sendable {
    package let key: String
    package let defaultText: String?
    package let help: String
    package let isSecret: Bool
    package let isList: Bool

    /// The environment variable that sets it.
    package var variable: String { Self.variable(of: key) }

    /// The environment variable that sets a key.
    static func variable(of key: String) -> String {
        "KASKMAN_" + key.uppercased().split(separator: ".").joined(separator: "_")
    }
}

/// Why a text is no value of a setting: the end of the sentence "http.port …".
struct SettingFault: Error {
    let reason: String
}

extension Setting where Value == String {
    static func text(_ key: String, default defaultText: String?, isSecret: Bool = false, help: String) -> Self {
        Setting(key, default: defaultText, isSecret: isSecret, help: help) { .success($0) }
    }

    /// An absolute http or https URL to which paths are appended, or nothing.
    static func baseURL(_ key: String, help: String) -> Self {
        Setting(key, default: "", help: help) { text in
            guard !text.isEmpty else { return .success(text) }
            guard let url = WebURL(text) else {
                let reason = "must be an http or https URL with a host, such as https://h.example, not \"\(text)\""
                return .failure(SettingFault(reason: reason))
            }
            guard url.query == nil, url.fragment == nil, !url.hasUserInformation else {
                return .failure(SettingFault(reason: "must have no user name, query or fragment, unlike \"\(text)\""))
            }
            return .success(text)
        }
    }

    /// The URL of a Redis, or nothing; a secret, since it may hold a password.
    static func redisURL(_ key: String, help: String) -> Self {
        Setting(key, default: "", isSecret: true, help: help) { text in
            guard !text.isEmpty else { return .success(text) }
            do throws(RedisEndpoint.Fault) {
                _ = try RedisEndpoint(url: text)
                return .success(text)
            } catch {
                return .failure(SettingFault(reason: error.reason))
            }
        }
    }

    /// `sqlite:` or a PostgreSQL URL; a text that is neither is not repeated, since it may hold a password.
    static func databaseURL(_ key: String, help: String) -> Self {
        Setting(key, default: "sqlite:", isSecret: true, help: help) { text in
            let isKnown = text == "sqlite:" || text.hasPrefix("postgresql://") || text.hasPrefix("postgres://")
            guard isKnown else {
                return .failure(SettingFault(reason: "must be sqlite: or begin with postgresql://"))
            }
            return .success(text)
        }
    }

    static func choice(_ key: String, of choices: [String], default defaultText: String, help: String) -> Self {
        Setting(key, default: defaultText, help: help) { text in
            choices.contains(text)
                ? .success(text)
                : .failure(SettingFault(reason: "must be one of \(choices.joined(separator: ", ")), not \"\(text)\""))
        }
    }
}

extension Setting where Value == Int {
    static func number(_ key: String, in range: ClosedRange<Int>, default defaultText: String, help: String) -> Self {
        Setting(key, default: defaultText, help: help) { text in
            guard let number = Int(text), range.contains(number) else {
                let bounds = "from \(range.lowerBound) to \(range.upperBound)"
                return .failure(SettingFault(reason: "must be a whole number \(bounds), not \"\(text)\""))
            }
            return .success(number)
        }
    }
}

extension Setting where Value == Bool {
    static func flag(_ key: String, default defaultText: String, help: String) -> Self {
        Setting(key, default: defaultText, help: help) { text in
            switch text.lowercased() {
            case "true", "yes", "on", "1": .success(true)
            case "false", "no", "off", "0": .success(false)
            default: .failure(SettingFault(reason: "must be true or false, not \"\(text)\""))
            }
        }
    }
}

extension Setting where Value == Duration {
    /// A duration as Prometheus writes it, within bounds that are written the same way.
    static func duration(
        _ key: String,
        from minimum: String,
        to maximum: String,
        default defaultText: String,
        help: String
    ) -> Self {
        Setting(key, default: defaultText, help: help) { text in
            guard let milliseconds = PrometheusDuration.milliseconds(parsing: text),
                let least = PrometheusDuration.milliseconds(parsing: minimum),
                let most = PrometheusDuration.milliseconds(parsing: maximum), (least...most).contains(milliseconds)
            else {
                let bounds = "from \(minimum) to \(maximum), such as 30s or 5m"
                return .failure(SettingFault(reason: "must be a duration \(bounds), not \"\(text)\""))
            }
            return .success(.milliseconds(milliseconds))
        }
    }
}

extension Setting where Value == [String] {
    /// A list; in the environment its elements are separated by commas.
    ///
    /// `element`: what each element must be, such as "an address", and whether a text is one.
    static func list(
        _ key: String,
        of element: (name: String, matches: @Sendable (String) -> Bool)? = nil,
        default defaultText: String,
        help: String
    ) -> Self {
        Setting(key, default: defaultText, isList: true, help: help) { text in
            let elements = text.split(separator: ",").map { $0.trimmingBlanks }.filter { !$0.isEmpty }
            if let element, let wrong = elements.first(where: { !element.matches($0) }) {
                let reason = "must be a list of \(element.name), which \"\(wrong)\" is none of"
                return .failure(SettingFault(reason: reason))
            }
            return .success(elements)
        }
    }
}

extension Substring {
    fileprivate var trimmingBlanks: String {
        var text = self
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
