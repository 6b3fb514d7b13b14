package import Basics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A process as the kernel lists it.
package struct ProcessEntry: Hashable, Sendable {
    package let id: Int32
    package let parent: Int32
    package let group: Int32
    package let session: Int32
    /// Ended, and not yet taken note of by its parent.
    package let isZombie: Bool
    package let residentBytes: Int
    /// When it began, in the kernel's ticks since the machine's start.
    package let startTicks: UInt64

    package init(
        id: Int32,
        parent: Int32,
        group: Int32,
        session: Int32,
        isZombie: Bool = false,
        residentBytes: Int = 0,
        startTicks: UInt64 = 0
    ) {
        self.id = id
        self.parent = parent
        self.group = group
        self.session = session
        self.isZombie = isZombie
        self.residentBytes = residentBytes
        self.startTicks = startTicks
    }

    /// Reads `/proc/PID/stat` (proc(5)); nil for anything else.
    package init?(stat bytes: [UInt8], pageBytes: Int) {
        // The command's name may hold blanks and parentheses; the last one ends it.
        guard let open = bytes.firstIndex(of: UInt8(ascii: "(")),
            let close = bytes.lastIndex(of: UInt8(ascii: ")")), open < close,
            let id = Int32(String(decoding: bytes[..<open], as: UTF8.self).prefix { $0 != " " })
        else { return nil }
        let fields = String(decoding: bytes[(close + 1)...], as: UTF8.self).split(separator: " ")
        guard fields.count > 21, let parent = Int32(fields[1]), let group = Int32(fields[2]),
            let session = Int32(fields[3]), let startTicks = UInt64(fields[19]), let pages = Int(fields[21])
        else { return nil }
        let (resident, overflow) = max(0, pages).multipliedReportingOverflow(by: pageBytes)
        self.init(
            id: id,
            parent: parent,
            group: group,
            session: session,
            isZombie: fields[0] == "Z" || fields[0] == "X",
            residentBytes: overflow ? .max : resident,
            startTicks: startTicks
        )
    }
}

/// The processes of the machine, read from /proc (Linux).
package struct ProcessTable: Sendable {
    private let fileSystem: any FileSystem
    private let pageBytes = max(1, sysconf(Int32(_SC_PAGESIZE)))

    package init(fileSystem: any FileSystem) { self.fileSystem = fileSystem }

    /// All processes; one that ends meanwhile is left out.
    package func entries() -> [ProcessEntry] {
        ((try? fileSystem.list("/proc")) ?? []).compactMap { name in
            guard let first = name.utf8.first, (0x30...0x39).contains(first) else { return nil }
            guard let bytes = try? fileSystem.read("/proc/\(name)/stat", bytesMax: 1 << 14) else { return nil }
            return ProcessEntry(stat: bytes, pageBytes: pageBytes)
        }
    }

    /// Whether a process was begun with a variable of this text (`NAME=value`) in its environment.
    ///
    /// False for processes of other users, which cannot be looked into.
    package func carries(_ variable: String, _ id: Int32) -> Bool {
        guard let bytes = try? fileSystem.read("/proc/\(id)/environ", bytesMax: 4 << 20) else { return false }
        let wanted = Array(variable.utf8)
        return bytes.split(separator: 0, omittingEmptySubsequences: true).contains { $0.elementsEqual(wanted) }
    }
}

/// Who belongs to a program.
package enum ProcessTree {
    /// The processes of the program's group or session, and whatever descends from them.
    ///
    /// One that left both and whose parent has ended cannot be told from others by this: it is found by its environment.
    /// Pure.
    package static func members(of root: Int32, in entries: [ProcessEntry]) -> [ProcessEntry] {
        var members: [Int32: ProcessEntry] = [:]
        for entry in entries where entry.id == root || entry.group == root || entry.session == root {
            members[entry.id] = entry
        }
        var children: [Int32: [ProcessEntry]] = [:]
        for entry in entries { children[entry.parent, default: []].append(entry) }
        var open = Array(members.keys)
        while let id = open.popLast() {
            for child in children[id] ?? [] where members.updateValue(child, forKey: child.id) == nil {
                open.append(child.id)
            }
        }
        return members.values.sorted { $0.id < $1.id }
    }
}
