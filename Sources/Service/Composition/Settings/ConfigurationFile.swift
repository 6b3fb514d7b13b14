import Basics
import Configuration
import Yams

/// The YAML file: read, checked for unknown keys, and handed on as a provider.
enum ConfigurationFile {
    /// The largest file that is read, in bytes.
    static let bytesMax = 1 << 20

    /// - Throws: ``SettingsError`` when the file cannot be read, is no YAML mapping, or has an unknown key or one twice.
    static func provider(
        _ path: String,
        known: [String],
        fileSystem: any FileSystem
    ) throws(SettingsError) -> any ConfigProvider {
        let bytes: [UInt8]
        do {
            bytes = try fileSystem.read(path, bytesMax: bytesMax)
        } catch {
            throw SettingsError(faults: ["\(error)"])
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw SettingsError(faults: ["\(path): \(error)"])
        }
        guard let root, root.tag.description != "tag:yaml.org,2002:null" else { return InMemoryProvider(values: [:]) }
        var walk = Walk(path: path, known: known)
        walk.visit(root, key: "")
        guard walk.faults.isEmpty else { throw SettingsError(faults: walk.faults) }
        return InMemoryProvider(values: walk.values)
    }

    /// Collects the scalars and lists below a node under their dotted keys.
    private struct Walk {
        let path: String
        let known: [String]
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        var faults: [String] = []

        mutating func visit(_ node: Node, key: String) {
            switch node {
            case .mapping(let mapping):
                if known.contains(key) {
                    faults.append("\(place(node)): \(key) must be a single value or a list, not a mapping")
                    return
                }
                for (name, value) in mapping {
                    visit(value, key: key.isEmpty ? name.string ?? "?" : key + "." + (name.string ?? "?"), at: name)
                }
            case .scalar where key.isEmpty, .sequence where key.isEmpty, .alias where key.isEmpty:
                faults.append("\(place(node)): the file must be a mapping of keys")
            default: store(node, key: key)
            }
        }

        private mutating func visit(_ node: Node, key: String, at name: Node) {
            let isSection = known.contains { $0.hasPrefix(key + ".") }
            guard known.contains(key) || isSection else {
                let nearest = NearestKey.find(key, among: known).map { "; did you mean \($0)?" } ?? ""
                faults.append("\(place(name)): the key \(key) is unknown\(nearest)")
                return
            }
            if isSection, node.mapping == nil {
                faults.append("\(place(name)): \(key) is a section: its keys belong on lines of their own below it")
                return
            }
            visit(node, key: key)
        }

        private mutating func store(_ node: Node, key: String) {
            let texts: [String]? =
                node.scalar.map { [$0.string] }
                ?? node.sequence.flatMap { sequence in
                    let texts = sequence.compactMap { $0.scalar?.string }
                    return texts.count == sequence.count ? texts : nil
                }
            guard let texts else {
                faults.append("\(place(node)): \(key) must be a single value or a list of single values")
                return
            }
            let text = texts.joined(separator: ",")
            values[AbsoluteConfigKey(key.split(separator: ".").map(String.init))] =
                ConfigValue(.string(text), isSecret: false)
        }

        private func place(_ node: Node) -> String {
            node.mark.map { "\(path):\($0.line):\($0.column)" } ?? path
        }
    }
}
