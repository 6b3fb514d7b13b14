import Basics
import Configuration
import Yams

/// The YAML file: read, checked for unknown keys, and handed on as a provider.
enum ConfigurationFile {
    /// The largest file that is read, in bytes.
    static let bytesMax = 1 << 20

    /// What was read: values, and what is wrong with the rest.
    struct Content {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        /// Where each key's value stands, as `path:line:column`.
        var places: [String: String] = [:]
        var faults: [String] = []

        var provider: any ConfigProvider { InMemoryProvider(values: values) }
    }

    /// Reads a file; whatever is wrong with it is among the faults, so that the values can be checked all the same.
    static func read(_ path: String, known: [SettingDescription], fileSystem: any FileSystem) -> Content {
        let root: Node?
        do {
            let bytes = try fileSystem.read(path, bytesMax: bytesMax)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                return Content(faults: ["\(path): the file is not UTF-8"])
            }
            root = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            return Content(faults: [YAMLSyntaxText.fault(error, in: path)])
        } catch {
            return Content(faults: ["\(error)"])
        }
        guard let root, !root.isNull else { return Content() }
        var walk = Walk(path: path, known: known)
        walk.visit(root, key: "")
        return walk.content
    }

    /// Collects the scalars and lists below a node under their dotted keys.
    private struct Walk {
        let path: String
        let known: [String: SettingDescription]
        /// Every key and every section.
        let names: [String]
        var content = Content()

        init(path: String, known: [SettingDescription]) {
            self.path = path
            self.known = Dictionary(uniqueKeysWithValues: known.map { ($0.key, $0) })
            let sections = known.compactMap { setting in
                setting.key.lastIndex(of: ".").map { String(setting.key[..<$0]) }
            }
            names = Set(sections).sorted() + known.map(\.key)
        }

        mutating func visit(_ node: Node, key: String) {
            switch node {
            case .mapping(let mapping):
                if let setting = known[key] {
                    fault(node, "\(key) must be \(setting.shape), not a mapping")
                    return
                }
                for (name, value) in mapping {
                    visit(value, key: key.isEmpty ? name.string ?? "?" : key + "." + (name.string ?? "?"), at: name)
                }
            case .scalar where key.isEmpty, .sequence where key.isEmpty, .alias where key.isEmpty:
                fault(node, "the file must be a mapping of keys")
            default: store(node, key: key)
            }
        }

        private mutating func visit(_ node: Node, key: String, at name: Node) {
            let isSection = known.keys.contains { $0.hasPrefix(key + ".") }
            guard known[key] != nil || isSection else {
                let nearest = NearestKey.find(key, among: names).map { "; did you mean \($0)?" } ?? ""
                fault(name, "the key \(key) is unknown\(nearest)")
                return
            }
            // A section whose keys are all commented out.
            if isSection, node.isNull { return }
            if isSection, node.mapping == nil {
                fault(name, "\(key) is a section: its keys belong on lines of their own below it")
                return
            }
            visit(node, key: key)
        }

        private mutating func store(_ node: Node, key: String) {
            guard let setting = known[key] else { return }
            if !setting.isList, node.sequence != nil {
                fault(node, "\(key) must be \(setting.shape), not a list")
                return
            }
            let texts: [String]? =
                node.scalar.map { [$0.string] }
                ?? node.sequence.flatMap { sequence in
                    let texts = sequence.compactMap { $0.scalar?.string }
                    return texts.count == sequence.count ? texts : nil
                }
            guard let texts else {
                fault(node, "\(key) must be \(setting.shape)")
                return
            }
            content.places[key] = place(node)
            content.values[AbsoluteConfigKey(key.split(separator: ".").map(String.init))] =
                ConfigValue(.string(texts.joined(separator: ",")), isSecret: false)
        }

        private mutating func fault(_ node: Node, _ text: String) { content.faults.append("\(place(node)): \(text)") }

        private func place(_ node: Node) -> String {
            node.mark.map { "\(path):\($0.line):\($0.column)" } ?? path
        }
    }
}

extension Node {
    /// Whether nothing was written.
    fileprivate var isNull: Bool { tag.description == "tag:yaml.org,2002:null" }
}

extension SettingDescription {
    /// What its value looks like in the file.
    fileprivate var shape: String { isList ? "a single value or a list of single values" : "a single value" }
}
