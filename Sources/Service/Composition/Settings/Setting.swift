import Basics

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
    let parse: @Sendable (String) -> Result<Value, SettingFault>

    init(
        _ key: String,
        default defaultText: String?,
        isSecret: Bool = false,
        help: String,
        parse: @escaping @Sendable (String) -> Result<Value, SettingFault>
    ) {
        self.key = key
        self.defaultText = defaultText
        self.isSecret = isSecret
        self.help = help
        self.parse = parse
    }

    /// What the example file and the search for the nearest key need.
    package var description: SettingDescription {
        SettingDescription(key: key, defaultText: defaultText, help: help, isSecret: isSecret)
    }
}

/// A setting without its type.
package struct SettingDescription: Sendable {
    package let key: String
    package let defaultText: String?
    package let help: String
    package let isSecret: Bool

    /// The environment variable that sets it.
    package var variable: String {
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
    static func list(_ key: String, default defaultText: String, help: String) -> Self {
        Setting(key, default: defaultText, help: help) { text in
            .success(text.split(separator: ",").map { $0.trimmingBlanks }.filter { !$0.isEmpty })
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
